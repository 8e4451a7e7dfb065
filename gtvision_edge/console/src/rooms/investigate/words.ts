/** What the room needs of the words and their forms, in one place. */
export { text } from "../../i18n";
export { bytesOf, codecOf, dateTimeOf, exactSpanOf, spanOf, timeOf } from "../../i18n/format";
