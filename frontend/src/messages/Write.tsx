import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { type FormEvent, type KeyboardEvent, useEffect, useId, useRef } from "react";
import { Button } from "../ui/Button";
import styles from "./Messages.module.css";

type Props = {
  label: string;
  sending?: boolean;
  /** Whether one goes on writing here. */
  focus?: boolean;
  /** What is answered, in a line; the form takes the focus. */
  answers?: string | null;
  onLeave?: () => void;
  onType?: () => void;
  onSay: (text: string) => void;
};

/** Where a message is written. Enter sends it where there is a keyboard, Ctrl+Enter everywhere. */
export function Write({ label, sending = false, focus = false, answers = null, onLeave, onType, onSay }: Props) {
  const field = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  useEffect(() => {
    if (focus || answers !== null) field.current?.focus();
  }, [focus, answers]);

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const text = field.current?.value ?? "";
    if (sending || !text.trim()) return;
    onSay(text);
  }

  function keys(event: KeyboardEvent<HTMLTextAreaElement>) {
    if (event.key === "Escape" && answers !== null) return onLeave?.();
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    if (!event.ctrlKey && !event.metaKey && !window.matchMedia("(pointer: fine)").matches) return;
    event.preventDefault();
    event.currentTarget.form?.requestSubmit();
  }

  return (
    <form onSubmit={submit} className={styles.write}>
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
        onChange={(event) => event.target.value && onType?.()}
      />
      <Button type="submit" aria-disabled={sending}>
        {sending ? t`Sending …` : t`Send`}
      </Button>
    </form>
  );
}
