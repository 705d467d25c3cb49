import { t } from "@lingui/core/macro";
import type { Schemas } from "../api/client";
import styles from "./Pictures.module.css";

type Picture = Schemas["WaveImageView"];

/** The pictures of a Wave. Each opens in its full size. */
export function Pictures({ pictures }: { pictures: Picture[] }) {
  if (!pictures.length) return null;
  return (
    <ul className={styles.pictures} data-alone={pictures.length === 1}>
      {pictures.map((picture) => (
        <li key={picture.id}>
          <a href={picture.large} target="_blank" rel="noreferrer">
            <img
              src={picture.medium}
              srcSet={sources(picture)}
              sizes="(min-width: 44rem) 40rem, 100vw"
              alt={picture.description || t`Picture without a description`}
              width={picture.width}
              height={picture.height}
              loading="lazy"
            />
          </a>
        </li>
      ))}
    </ul>
  );
}

function sources({ small, medium, large, width, height }: Picture): string {
  const within = (most: number, high: number) => Math.round(width * Math.min(1, most / width, high / height));
  return `${small} ${within(320, 640)}w, ${medium} ${within(960, 1920)}w, ${large} ${width}w`;
}
