import { plural, t } from "@lingui/core/macro";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, given } from "../api/client";
import { useMyTags } from "./tags";
import styles from "./Trends.module.css";

const MOST = 10;

/** What many speak of these days, and the tags that I follow; nothing where there is neither. */
export function Trends() {
  const trends = useQuery({
    queryKey: ["trends"],
    queryFn: async () => given(await api.GET("/v1/feed/trends", { params: { query: { limit: MOST } } })).items,
  });
  const mine = useMyTags();
  const lively = trends.data ?? []; // without them, the page has all that it is opened for
  const followed = mine.data ?? [];
  return (
    <>
      {lively.length > 0 && (
        <Tags
          id="trends"
          title={t`What many speak of`}
          tags={lively.map(({ tag, people }) => ({ tag, about: plural(people, { one: "# person", other: "# people" }) }))}
        />
      )}
      {followed.length > 0 && <Tags id="my-tags" title={t`Tags you follow`} tags={followed} />}
    </>
  );
}

function Tags({ id, title, tags }: { id: string; title: string; tags: { tag: string; about?: string }[] }) {
  return (
    <section aria-labelledby={id} className={styles.section}>
      <h2 id={id}>{title}</h2>
      <ul className={styles.tags}>
        {tags.map(({ tag, about }) => (
          <li key={tag}>
            <Link to="/tags/$tag" params={{ tag }} className={styles.tag}>
              <bdi>#{tag}</bdi>
              {about && <span className={styles.about}>{about}</span>}
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
