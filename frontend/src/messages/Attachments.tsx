import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { api, given, type Schemas } from "../api/client";
import { Button } from "../ui/Button";
import { ProblemNotice } from "../ui/Notice";
import styles from "./Attachments.module.css";
import { size } from "./attach";

type Picture = Extract<Schemas["MessageView"]["attachments"][number], { type: "image" }>;
type Paper = Extract<Schemas["MessageView"]["attachments"][number], { type: "file" }>;

/** What goes with a message. */
export function Attachments({ of }: { of: Schemas["MessageView"]["attachments"] }) {
  if (of.length === 0) return null;
  return (
    <ul className={styles.attached} aria-label={t`Attachments`}>
      {of.map((each) => (
        <li key={each.id}>{each.type === "image" ? <Shown picture={each} /> : <Offered file={each} />}</li>
      ))}
    </ul>
  );
}

/** A picture; pressed, it is seen as large as there is room for. */
function Shown({ picture }: { picture: Picture }) {
  const box = useRef<HTMLButtonElement>(null);
  const dialog = useRef<HTMLDialogElement>(null);
  const [open, setOpen] = useState(false);
  const near = useNear(box);
  const medium = usePicture(picture.medium, near);
  const large = usePicture(picture.large, open);
  const says = picture.description || t`Picture without a description`;
  useEffect(() => {
    if (open) dialog.current?.showModal();
  }, [open]);

  if (medium.error) {
    return (
      <div className={styles.gone}>
        <p>
          <Trans>This picture can't be shown.</Trans> {picture.description}
        </p>
        <Button kind="quiet" onClick={medium.again}>
          <Trans>Try again</Trans>
        </Button>
      </div>
    );
  }
  return (
    <>
      <button ref={box} type="button" className={styles.picture} onClick={() => setOpen(true)}>
        <img
          src={medium.url}
          alt={says}
          width={picture.width}
          height={picture.height}
          style={{ aspectRatio: `${picture.width} / ${picture.height}` }}
        />
      </button>
      {open && (
        <dialog ref={dialog} className={styles.large} aria-label={says} onClose={() => setOpen(false)}>
          <img src={large.url ?? medium.url} alt={says} width={picture.width} height={picture.height} />
          <form method="dialog">
            <Button type="submit" kind="quiet">
              <Trans>Close</Trans>
            </Button>
          </form>
        </dialog>
      )}
    </>
  );
}

/** A file; pressed, the browser keeps it. */
function Offered({ file }: { file: Paper }) {
  const get = useMutation({
    mutationFn: async () => {
      const params = { path: { attachment: file.id } };
      const { url } = given(await api.GET("/v1/messaging/attachments/{attachment}/link", { params }));
      const { pathname, search } = new URL(url);
      const link = document.createElement("a");
      // VoteWave's own by whatever name this page has it; a bucket's as it is.
      link.href = pathname.startsWith("/v1/files/") ? location.origin + pathname + search : url;
      link.download = file.name;
      link.click();
    },
  });
  return (
    <>
      <button type="button" className={styles.file} aria-disabled={get.isPending} onClick={() => !get.isPending && get.mutate()}>
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <path d="M8 2v8M5 7l3 3 3-3M3 13h10" />
        </svg>
        <span>
          <bdi>{file.name}</bdi> <span className={styles.size}>{size(file.size)}</span>
        </span>
      </button>
      {get.error && <ProblemNotice error={get.error} />}
    </>
  );
}

/** A picture that is read with a token, as an address that an `<img>` takes; once `wanted`. */
function usePicture(path: string, wanted: boolean) {
  const { data, error, refetch } = useQuery({
    queryKey: ["attachment", path],
    queryFn: async () => {
      const [attachment = "", file = ""] = path.split("/").slice(-2);
      const params = { path: { attachment, file } };
      return given(await api.GET("/v1/messaging/attachments/{attachment}/{file}", { params, parseAs: "blob" })) as unknown as Blob;
    },
    enabled: wanted,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    if (!data) return;
    const made = URL.createObjectURL(data);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [data]);
  return { url, error: data ? null : error, again: () => void refetch() };
}

/** Whether something has come near the window; what is far up in a conversation isn't loaded. */
function useNear(box: React.RefObject<HTMLElement | null>): boolean {
  const [near, setNear] = useState(false);
  useEffect(() => {
    if (near || !box.current) return;
    const watcher = new IntersectionObserver((seen) => seen.some(({ isIntersecting }) => isIntersecting) && setNear(true), { rootMargin: "600px" });
    watcher.observe(box.current);
    return () => watcher.disconnect();
  }, [near, box]);
  return near;
}
