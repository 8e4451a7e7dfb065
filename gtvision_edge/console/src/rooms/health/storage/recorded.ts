import { text } from "../../../i18n";
import { bytesOf } from "../../../i18n/format";

/** The size of what is recorded. A file counts once it is finished: beside cameras that record, nothing yet is not "0 B". */
export function recordedWords(bytes: number, isRecording: boolean): string {
  return bytes === 0 && isRecording ? text.value.storage.firstFile : bytesOf(bytes);
}
