import { i18n, type MessageDescriptor } from "@lingui/core";
import { msg, t } from "@lingui/core/macro";
import { Plural, Trans } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import type { Schemas } from "../api/client";
import type { Cards } from "../feed/cards";
import entries from "../feed/Entries.module.css";
import { ago } from "../feed/standing";
import { Avatar } from "../people/Avatar";
import { nameOf, Person } from "../people/Person";
import { AboutPoll } from "./AboutPoll";
import type { Wave, WaveBody } from "./cache";
import { Parts } from "./Parts";
import { Pictures } from "./Pictures";
import { Reactions } from "./Reactions";
import styles from "./Waves.module.css";

type Props = {
  wave: Wave;
  cards: Cards;
  /** Who brings it up in a feed by sharing it on. */
  rippled?: Schemas["RippledView"] | null;
};

/** A Wave in a list. One that shares another on without words is that other one, with who shares it. */
export function WaveItem({ wave, cards, rippled }: Props) {
  const bare = wave.text === "" && wave.original !== null && !wave.poll && !wave.images.length;
  const shown: WaveBody = bare && wave.original ? wave.original : wave;
  return (
    <li className={`${entries.entry} ${styles.wave}`} aria-label={t`Wave by ${nameOf(shown.author)}`}>
      {rippled && (
        <p className={styles.quiet}>
          {rippled.others > 0 ? (
            <Trans>
              <Person person={rippled.by} /> and{" "}
              <Plural value={rippled.others} one="# other whom you follow" other="# others whom you follow" /> rippled
            </Trans>
          ) : (
            <Trans>
              <Person person={rippled.by} /> rippled
            </Trans>
          )}{" "}
          <time dateTime={rippled.at}>{ago(rippled.at)}</time>
        </p>
      )}
      {bare && (
        <p className={styles.quiet}>
          <Trans>
            <Person person={wave.author} /> ripples
          </Trans>
        </p>
      )}
      <Said wave={shown} cards={cards} />
      {!bare && wave.ripple_of && <Original wave={wave.original} cards={cards} />}
      <Reactions wave={shown} />
    </li>
  );
}

const seenBy: Record<WaveBody["visibility"], MessageDescriptor | null> = {
  public: null,
  followers: msg`for followers`, mentioned: msg`for those it names` };

/** Who says what, and the poll that it is about. */
export function Said({ wave, cards }: { wave: WaveBody; cards: Cards }) {
  const seen = seenBy[wave.visibility];
  const card = wave.poll ? cards.get(wave.poll) : undefined;
  return (
    <>
      <p className={entries.by}>
        <strong>
          <Avatar person={wave.author} /> <Person person={wave.author} />
        </strong>
        <Link to="/waves/$id" params={{ id: wave.id }} className={entries.at}>
          <time dateTime={wave.created_at}>{ago(wave.created_at)}</time>
        </Link>
        {seen && <span>{i18n._(seen)}</span>}
        {wave.state === "hidden" && <span><Trans>hidden from others</Trans></span>}
        {wave.edited_at && <span><Trans>edited</Trans></span>}
      </p>
      <Parts parts={wave.parts} />
      <Pictures pictures={wave.images} />
      {wave.poll && (
        <AboutPoll id={wave.poll} card={card} />
      )}
    </>
  );
}

export function Original({ wave, cards }: { wave: WaveBody | null; cards: Cards }) {
  return (
    <blockquote className={styles.original}>
      {wave ? <Said wave={wave} cards={cards} /> : <p className={styles.quiet}><Trans>What it shares on was deleted, or isn't for you.</Trans></p>}
    </blockquote>
  );
}
