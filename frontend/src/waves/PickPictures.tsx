import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { type ChangeEvent, useRef, useState } from "react";
import { IMAGES, unfit } from "../api/upload";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { Notice } from "../ui/Notice";
import { MOST_PICTURES, type Picked } from "./pick";
import styles from "./Pictures.module.css";

type Props = {
  picked: Picked[];
  onChange: (next: Picked[]) => void;
  /** What is wrong with the one at a place. */
  errorOf: (place: number) => string | undefined;
};

/** What was picked, each with its description. */
export function PickedPictures({ picked, onChange, errorOf }: Props) {
  return picked.map((each, place) => (
    <div key={each.preview} role="group" aria-label={t`Picture ${place + 1}`} className={styles.picked}>
      <img src={each.preview} alt="" />
      <Field
        label={t`What it shows`}
        value={each.description}
        maxLength={500}
        placeholder={t`For those who don’t see it`}
        onChange={(event) =>
          onChange(picked.map((one) => (one === each ? { ...one, description: event.target.value } : one)))
        }
        error={errorOf(place)}
      />
      <Button
        kind="quiet"
        onClick={() => {
          URL.revokeObjectURL(each.preview);
          onChange(picked.filter((one) => one !== each));
        }}
      >
        <Trans>Remove</Trans>
      </Button>
    </div>
  ));
}

/** A button that picks more. */
export function PickButton({ picked, onChange }: Omit<Props, "errorOf">) {
  const input = useRef<HTMLInputElement>(null);
  const [refused, setRefused] = useState("");

  function choose(event: ChangeEvent<HTMLInputElement>) {
    const files = [...(event.target.files ?? [])];
    event.target.value = ""; // so that the same file can be chosen again
    const good = files.filter((file) => !unfit(file));
    const room = MOST_PICTURES - picked.length;
    const many = good.length > room ? t`A Wave shows ${MOST_PICTURES} pictures at most.` : "";
    setRefused(files.map(unfit).find(Boolean) ?? many);
    const added = good.slice(0, room).map((file) => ({ file, preview: URL.createObjectURL(file), description: "" }));
    onChange([...picked, ...added]);
  }

  return (
    <>
      <input ref={input} type="file" accept={IMAGES} multiple hidden onChange={choose} aria-label={t`Pictures`} />
      {picked.length < MOST_PICTURES && (
        <Button kind="quiet" onClick={() => input.current?.click()}>
          <Trans>Add pictures</Trans>
        </Button>
      )}
      {refused && <Notice kind="stop">{refused}</Notice>}
    </>
  );
}
