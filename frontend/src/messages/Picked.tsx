import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useEffect, useState } from "react";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import styles from "./Attachments.module.css";
import { type Attached, isPicture, size } from "./attach";

type Props = { files: Attached[]; onChange: (next: Attached[]) => void };

/** What is to go with a message: pictures with what they show, files with their names. */
export function Picked({ files, onChange }: Props) {
  if (files.length === 0) return null;
  return (
    <ul className={styles.picked} aria-label={t`Attachments`}>
      {files.map((each, place) => (
        <li key={place} className={styles.pick}>
          <Preview of={each.file} />
          {isPicture(each.file) ? (
            <Field
              label={t`What it shows`}
              value={each.description}
              maxLength={500}
              placeholder={t`For those who don’t see it`}
              onChange={(event) => onChange(files.map((one) => (one === each ? { ...one, description: event.target.value } : one)))}
            />
          ) : (
            <p className={styles.named}>
              <bdi>{each.name}</bdi> <span className={styles.size}>{size(each.file.size)}</span>
            </p>
          )}
          <Button kind="quiet" aria-label={t`Remove “${each.name}”`} onClick={() => onChange(files.filter((one) => one !== each))}>
            <Trans>Remove</Trans>
          </Button>
        </li>
      ))}
    </ul>
  );
}

/** A small picture of a file that is one. */
export function Preview({ of, alt = "" }: { of: Blob; alt?: string }) {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    if (!isPicture(of)) return;
    const made = URL.createObjectURL(of);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [of]);
  return url ? <img src={url} alt={alt} className={styles.preview} /> : null;
}
