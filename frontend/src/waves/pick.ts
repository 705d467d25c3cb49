// Pictures that are to go into a Wave: chosen, described, then sent one after the other when it is published.

import { api, given, type Schemas } from "../api/client";
import { sendFile } from "../api/upload";

export const MOST_PICTURES = 4;

/** `image` is there once the server has it ready, so that a second try doesn't send it again. */
export type Picked = { file: File; preview: string; description: string; image?: string };

/** Sends what isn't there yet; gives what the Wave's body says of it. `tell` is told each that is there. */
export async function send(
  picked: Picked[],
  tell: (done: Picked, image: string) => void,
): Promise<Schemas["WaveImageNew"][]> {
  const sent = [];
  for (const each of picked) {
    let { image } = each;
    if (!image) {
      const body = { content_type: each.file.type as "image/png" };
      const begun = given(await api.POST("/v1/expressions/images", { body }));
      await sendFile(begun.upload, each.file);
      given(await api.PUT("/v1/expressions/images/{image}", { params: { path: { image: begun.id } } }));
      image = begun.id;
      tell(each, image);
    }
    sent.push({ image, description: each.description });
  }
  return sent;
}
