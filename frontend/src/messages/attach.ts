// Pictures and files that go with a message: chosen or pasted, described, then sent one after the other before it.

import { t } from "@lingui/core/macro";
import { api, given, type Schemas } from "../api/client";
import { IMAGES, sendFile } from "../api/upload";

export const MOST_FILES = 4;
const MAX_BYTES = 10_000_000;
const OFFICE = "application/vnd.openxmlformats-officedocument";
const OPEN = "application/vnd.oasis.opendocument";
const DOCUMENTS = [
  "text/plain",
  "application/pdf",
  `${OPEN}.text`,
  `${OPEN}.spreadsheet`,
  `${OPEN}.presentation`,
  `${OFFICE}.wordprocessingml.document`,
  `${OFFICE}.spreadsheetml.sheet`,
  `${OFFICE}.presentationml.presentation`,
];

/** What can go with a message, as an input's `accept`. */
export const TAKEN = [IMAGES, ...DOCUMENTS].join(",");

/** Something that goes with a message; `id` is there once the server has it ready. */
export type Attached = { file: Blob; name: string; description: string; id?: string };

export const isPicture = ({ type }: { type: string }): boolean => IMAGES.split(",").includes(type);

/** Says why a file can't go with a message; empty if it can. */
export function unfit(file: File): string {
  if (!isPicture(file) && !DOCUMENTS.includes(file.type)) return t`Pictures, plain text, PDF and office documents without macros can be sent.`;
  if (file.size > MAX_BYTES) return t`“${file.name}” is larger than 10 MB.`;
  return file.size === 0 ? t`“${file.name}” is empty.` : "";
}

/** Sends what isn't there yet; `tell` is told how much of all is there, and of each what it is called. */
export async function upload(
  files: Attached[],
  tell: (progress: number, done?: { place: number; id: string }) => void,
): Promise<Schemas["AttachmentNew"][]> {
  const total = files.reduce((sum, { file }) => sum + file.size, 0);
  let before = 0;
  const sent: Schemas["AttachmentNew"][] = [];
  for (const [place, { file, name, description, id }] of files.entries()) {
    const attachment = id ?? (await send(file, name, (part) => tell((before + part * file.size) / total)));
    before += file.size;
    tell(before / total, { place, id: attachment });
    sent.push({ attachment, description });
  }
  return sent;
}

async function send(file: Blob, name: string, tell: (part: number) => void): Promise<string> {
  const content_type = file.type as Schemas["AttachmentAsk"]["content_type"];
  const body = { content_type, ...(isPicture(file) ? {} : { name: [...name].slice(-100).join("") }) };
  const begun = given(await api.POST("/v1/messaging/attachments", { body }));
  await sendFile(begun.upload, file, tell);
  given(await api.PUT("/v1/messaging/attachments/{attachment}", { params: { path: { attachment: begun.id } } }));
  return begun.id;
}

/** A size for people: "12 kB". */
export function size(bytes: number): string {
  const mega = bytes >= 1_000_000;
  const unit = mega ? "megabyte" : "kilobyte";
  const value = mega ? bytes / 1_000_000 : Math.max(1, bytes / 1_000);
  return new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit, maximumFractionDigits: mega ? 1 : 0 }).format(value);
}
