import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { type ChangeEvent, type ClipboardEvent, type FormEvent, type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { Button } from "../ui/Button";
import { Notice } from "../ui/Notice";
import { type Attached, MOST_FILES, TAKEN, unfit } from "./attach";
import styles from "./Messages.module.css";
import { Picked } from "./Picked";

type Props = {
  label: string;
  sending?: boolean;
  /** Whether one goes on writing here. */
  focus?: boolean;
  /** What is answered, in a line; the form takes the focus. */
  answers?: string | null;
  onLeave?: () => void;
  onType?: () => void;
  /** Whether pictures and files may go with it. */
  attaches?: boolean;
  onSay: (text: string, files: Attached[]) => void;
};

/** Where a message is written. Enter sends it where there is a keyboard, Ctrl+Enter everywhere. */
export function Write({ label, sending = false, focus = false, answers = null, onLeave, onType, attaches = false, onSay }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const [files, setFiles] = useState<Attached[]>([]);
  const [refused, setRefused] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  useEffect(() => {
    if (focus || answers !== null) field.current?.focus();
  }, [focus, answers]);

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const text = field.current?.value ?? "";
    if (sending || (!text.trim() && files.length === 0)) return;
    onSay(text, files);
  }

  function add(chosen: File[]) {
    const good = chosen.filter((file) => !unfit(file));
    const room = MOST_FILES - files.length;
    setRefused(chosen.map(unfit).find(Boolean) ?? (good.length > room ? t`${MOST_FILES} go with a message at most.` : ""));
    setFiles([...files, ...good.slice(0, room).map((file) => ({ file, name: file.name, description: "" }))]);
  }

  function choose(event: ChangeEvent<HTMLInputElement>) {
    add([...(event.target.files ?? [])]);
    event.target.value = ""; // so that the same file can be chosen again
    field.current?.focus();
  }

  function paste(event: ClipboardEvent<HTMLTextAreaElement>) {
    const pasted = [...event.clipboardData.files];
    if (!attaches || pasted.length === 0) return;
    event.preventDefault();
    add(pasted);
  }

  function keys(event: KeyboardEvent<HTMLTextAreaElement>) {
    if (event.key === "Escape" && answers !== null) return onLeave?.();
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    if (!event.ctrlKey && !event.metaKey && !window.matchMedia("(pointer: fine)").matches) return;
    event.preventDefault();
    event.currentTarget.form?.requestSubmit();
  }

  return (
    <form onSubmit={submit} className={styles.write} data-attaches={attaches}>
      {answers !== null && (
        <p className={styles.answers}>
          <span>
            <Trans>You answer: <bdi>{answers}</bdi></Trans>
          </span>
          <button type="button" className={styles.act} onClick={onLeave}>
            <Trans>Don't answer it</Trans>
          </button>
        </p>
      )}
      {(files.length > 0 || refused) && (
        <div className={styles.attached}>
          <Picked files={files} onChange={setFiles} />
          {refused && <Notice kind="stop">{refused}</Notice>}
        </div>
      )}
      {attaches && (
        <>
          <input ref={input} type="file" accept={TAKEN} multiple hidden onChange={choose} aria-label={t`Pictures and files`} />
          <button
            type="button"
            className={styles.clip}
            aria-label={t`Add pictures or files`}
            aria-disabled={files.length >= MOST_FILES}
            onClick={() => files.length < MOST_FILES && input.current?.click()}
          >
            <svg viewBox="0 0 24 24" aria-hidden="true">
              <path d="m20 11-8.5 8.5a5 5 0 0 1-7-7L13 4a3.4 3.4 0 0 1 4.8 4.8L9.5 17a1.7 1.7 0 0 1-2.4-2.4L15 7" />
            </svg>
          </button>
        </>
      )}
      <label htmlFor={id} className="visually-hidden">
        {label}
      </label>
      <textarea
        ref={field}
        id={id}
        className={styles.text}
        rows={1}
        maxLength={4000}
        placeholder={label}
        onKeyDown={keys}
        onPaste={paste}
        onChange={(event) => event.target.value && onType?.()}
      />
      <Button type="submit" aria-disabled={sending}>
        {sending ? t`Sending …` : t`Send`}
      </Button>
    </form>
  );
}
