import { t } from "@lingui/core/macro";
import type { Schemas } from "./client";
import { Problem } from "./problem";

/** What images are taken, as an input's `accept`. */
export const IMAGES = "image/jpeg,image/png,image/webp";
const MAX_BYTES = 10_000_000;

/** Says why a file can't be an image; empty if it can. */
export function unfit(file: File): string {
  const fits = IMAGES.split(",").includes(file.type) && file.size <= MAX_BYTES;
  return fits ? "" : t`Choose a JPEG, PNG or WebP image of 10 MB at most.`;
}

/** Sends a file to where the API says. With a bucket that is another server, which takes a form and no token. */
export async function sendFile(upload: Schemas["Upload"], file: File): Promise<void> {
  let body: Blob | FormData = file;
  let { url } = upload;
  if (Object.keys(upload.fields).length) {
    body = new FormData();
    for (const [name, value] of Object.entries(upload.fields)) body.append(name, value);
    body.append("file", file);
  } else {
    const { pathname, search } = new URL(url);
    url = location.origin + pathname + search; // VoteWave's own, by whatever name this page has it
  }
  const answer = await fetch(url, { method: upload.method, headers: upload.headers, body });
  if (!answer.ok) throw new Problem(answer.status, { detail: t`The file wasn't taken. Try again, or with another one.` });
}
