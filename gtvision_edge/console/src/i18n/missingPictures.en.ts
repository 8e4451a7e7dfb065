import type { Text } from "./pt-BR";

export const missingPictures: Text["missingPictures"] = {
  scene: "no picture of the scene",
  plate: "no crop",
  coming: "on its way",
  because: (what, why) => `${what}: ${why}`,
  waiting: "the picture has not come yet",
  failed: "the browser could not load the picture",
  anonymised: "the picture went with the plate, at the end of its time",
  reasons: {
    picture_address_refused: "its address is not listed in picture_sources",
    picture_redirected: "its address points elsewhere",
    picture_denied: "its server refused it",
    picture_too_large: "it is too large",
    picture_no_jpeg: "what came is no whole JPEG",
    picture_unreachable: "its server did not answer",
    picture_key_lost: "the key that opened its address is lost",
    picture_not_kept: "this box's disk did not keep it; it is tried again",
    picture_dropped: "it was deleted because it was old, or to make room",
    picture_lost: "its file is gone from the disk",
  },
};
