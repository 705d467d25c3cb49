import { i18n } from "@lingui/core";
import { msg, t } from "@lingui/core/macro";
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

const words = {
  avatar: {
    label: msg`Picture`,
    cut: msg`It is cut to a square. Where and when it was taken is left out.`,
    save: msg`Save picture`,
    remove: msg`Remove picture`,
    kept: msg`Your picture is as it was.`,
  },
  banner: {
    label: msg`Banner`,
    cut: msg`It stands above your profile, cut to what you see here: three times as wide as high. Where and when it was taken is left out.`,
    save: msg`Save banner`,
    remove: msg`Remove banner`,
    kept: msg`Your banner is as it was.`,
  },
};

type Kind = keyof typeof words;

const show = {
  avatar: (image: string) => api.PUT("/v1/profiles/me/avatar", { body: { image } }),
  banner: (image: string) => api.PUT("/v1/profiles/me/banner", { body: { image } }),
};
const hide = {
  avatar: () => api.DELETE("/v1/profiles/me/avatar"),
  banner: () => api.DELETE("/v1/profiles/me/banner"),
};

/** My picture and what stands above my profile: each is chosen, looked at, then saved; or taken away. */
export function Pictures() {
  const account = useAccount();
  const me = useQuery({
    queryKey: ["me", account?.id],
    queryFn: async () => given(await api.GET("/v1/profiles/me")),
  });
  if (me.error) return <ProblemNotice error={me.error} />;
  if (!me.data) return null;
  return (
    <>
      <Form kind="avatar" profile={me.data} />
      <Form kind="banner" profile={me.data} />
    </>
  );
}

function Form({ kind, profile }: { kind: Kind; profile: Schemas["ProfileView"] }) {
  const say = words[kind];
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
      if (!next) return given(await hide[kind]());
      const begun = given(await api.POST("/v1/profiles/me/images", { body: { content_type: next.type as "image/png" } }));
      await sendFile(begun.upload, next);
      return given(await show[kind](begun.id));
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

  function unshowable() {
    if (!preview) return;
    setRefused(t`This file can't be shown as an image. Choose another one.`);
    forget();
  }

  const shown = preview || profile[kind];
  return (
    <div className={styles.form}>
      {kind === "avatar" && <Avatar person={{ ...profile, avatar: shown }} large />}
      {kind === "banner" && shown && (
        <img
          className={styles.banner}
          src={shown}
          alt={preview ? t`Your banner as it will be` : t`Your banner`}
          width={1200}
          height={400}
          onError={unshowable}
        />
      )}
      <label>
        {i18n._(say.label)}
        <br />
        <input ref={input} className={styles.file} type="file" accept={IMAGES} onChange={choose} />
      </label>
      <p>{i18n._(say.cut)}</p>
      {refused && <Notice kind="stop">{refused}</Notice>}
      {change.error && <ProblemNotice error={change.error} kept={i18n._(say.kept)} />}
      {change.isSuccess && <Notice kind="good"><Trans>Saved. Lists show it in a moment.</Trans></Notice>}
      <div className={styles.actions}>
        {file && (
          <Button type="button" aria-disabled={change.isPending} onClick={() => !change.isPending && change.mutate(file)}>
            {change.isPending ? t`Uploading` : i18n._(say.save)}
          </Button>
        )}
        {file && !change.isPending && (
          <Button type="button" kind="quiet" onClick={forget}>
            <Trans>Don't take it</Trans>
          </Button>
        )}
        {!file && profile[kind] && (
          <Button type="button" aria-disabled={change.isPending} onClick={() => !change.isPending && change.mutate(null)}>
            {i18n._(say.remove)}
          </Button>
        )}
      </div>
    </div>
  );
}
