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

/**
 * Sends a file to where the API says. With a bucket that is another server, which takes a form and no token. `tell` is
 * told how much of it is there, from 0 to 1.
 */
export async function sendFile(upload: Schemas["Upload"], file: Blob, tell?: (part: number) => void): Promise<void> {
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
  const status = await sent(upload, url, body, tell);
  if (status < 200 || status > 299) throw new Problem(status, { detail: t`The file wasn't taken. Try again, or with another one.` });
}

/** Sends it by the older of the two ways, which says how far it is; gives the answer's status. */
function sent(upload: Schemas["Upload"], url: string, body: Blob | FormData, tell?: (part: number) => void): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(upload.method, url);
    for (const [name, value] of Object.entries(upload.headers)) request.setRequestHeader(name, value);
    if (tell) request.upload.onprogress = ({ loaded, total }) => total && tell(loaded / total);
    request.onload = () => resolve(request.status);
    request.onerror = request.ontimeout = request.onabort = () => reject(new TypeError("the file wasn't sent"));
    request.send(body);
  });
}
