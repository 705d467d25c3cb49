import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { type FormEvent, useEffect, useRef } from "react";
import { Problem } from "../api/problem";
import { Button } from "./Button";
import { ProblemNotice } from "./Notice";
import { Text } from "./Text";
import styles from "./Say.module.css";

type Props = {
  label: string;
  verb: string;
  before?: string;
  most?: number;
  sending: boolean;
  error: Error | null;
  onSay: (text: string) => void;
  /** Where one may leave without having said anything; such a form was opened, and so it takes the focus. */
  onLeave?: () => void;
};

/** A text and the button that sends it. */
export function Say({ label, verb, before = "", most = 5000, sending, error, onSay, onLeave }: Props) {
  const form = useRef<HTMLFormElement>(null);
  const opened = !!onLeave;
  useEffect(() => {
    const text = form.current?.querySelector("textarea");
    if (!opened || !text) return;
    text.focus();
    text.setSelectionRange(text.value.length, text.value.length);
  }, [opened]);

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (!sending) onSay(String(new FormData(event.currentTarget).get("text")));
  }

  return (
    <form
      ref={form}
      onSubmit={submit}
      className={styles.say}
      onKeyDown={(event) => {
        if (event.key === "Escape" && onLeave) onLeave();
      }}
    >
      <Text
        label={label}
        name="text"
        rows={opened ? 3 : 2}
        maxLength={most}
        required
        defaultValue={before}
        error={error instanceof Problem ? error.of("text") : undefined}
      />
      {error && !(error instanceof Problem && error.of("text")) && <ProblemNotice error={error} kept={t`What you wrote is still here.`} />}
      <div className={styles.acts}>
        <Button type="submit" kind={opened ? "main" : "quiet"} aria-disabled={sending}>
          {sending ? t`Sending …` : verb}
        </Button>
        {onLeave && (
          <Button kind="quiet" onClick={onLeave}>
            <Trans>Leave it</Trans>
          </Button>
        )}
      </div>
    </form>
  );
}
