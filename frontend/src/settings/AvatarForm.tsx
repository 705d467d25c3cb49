import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState, type ChangeEvent } from "react";
import { api, given, type Schemas } from "../api/client";
import { IMAGES, sendFile, unfit } from "../api/upload";
import { Avatar } from "../people/Avatar";
import { useAccount } from "../session/session";
import { Button } from "../ui/Button";
import { Notice, ProblemNotice } from "../ui/Notice";
import styles from "./Settings.module.css";

/** My picture: chosen, looked at, then saved; or taken away. */
export function AvatarForm() {
  const account = useAccount();
  const me = useQuery({
    queryKey: ["me", account?.id],
    queryFn: async () => given(await api.GET("/v1/profiles/me")),
  });
  return me.data ? <Form profile={me.data} /> : null;
}

function Form({ profile }: { profile: Schemas["ProfileView"] }) {
  const queries = useQueryClient();
  const input = useRef<HTMLInputElement>(null);
  const [file, setFile] = useState<File | null>(null);
  const [refused, setRefused] = useState("");
  const [preview, setPreview] = useState("");

  useEffect(() => {
    if (!file) return setPreview("");
    const url = URL.createObjectURL(file);
    setPreview(url);
    return () => URL.revokeObjectURL(url);
  }, [file]);

  function forget() {
    setFile(null);
    if (input.current) input.current.value = "";
  }

  const change = useMutation({
    mutationFn: async (next: File | null) => {
      if (!next) return given(await api.DELETE("/v1/profiles/me/avatar"));
      const begun = given(await api.POST("/v1/profiles/me/images", { body: { content_type: next.type as "image/png" } }));
      await sendFile(begun.upload, next);
      return given(await api.PUT("/v1/profiles/me/avatar", { body: { image: begun.id } }));
    },
    onSuccess: (next) => {
      forget();
      queries.setQueryData(["me", next.account], next);
      void queries.invalidateQueries({ queryKey: ["profile"] });
    },
  });

  function choose(event: ChangeEvent<HTMLInputElement>) {
    change.reset();
    const [chosen = null] = event.target.files ?? [];
    const wrong = chosen ? unfit(chosen) : "";
    setRefused(wrong);
    if (wrong) forget();
    else setFile(chosen);
  }

  return (
    <div className={styles.form}>
      <Avatar person={preview ? { ...profile, avatar: preview } : profile} large />
      <label>
        <Trans>Picture</Trans>
        <br />
        <input ref={input} className={styles.file} type="file" accept={IMAGES} onChange={choose} />
      </label>
      <p><Trans>It is cut to a square. Where and when it was taken is left out.</Trans></p>
      {refused && <Notice kind="stop">{refused}</Notice>}
      {change.error && <ProblemNotice error={change.error} />}
      {change.isSuccess && <Notice kind="good"><Trans>Saved. Lists show it in a moment.</Trans></Notice>}
      <div className={styles.actions}>
        {file && (
          <Button type="button" aria-disabled={change.isPending} onClick={() => !change.isPending && change.mutate(file)}>
            {change.isPending ? t`Uploading` : t`Save picture`}
          </Button>
        )}
        {!file && profile.avatar && (
          <Button type="button" aria-disabled={change.isPending} onClick={() => !change.isPending && change.mutate(null)}>
            <Trans>Remove picture</Trans>
          </Button>
        )}
      </div>
    </div>
  );
}
