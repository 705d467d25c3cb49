import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { FormEvent } from "react";
import { api, given, type Schemas } from "../api/client";
import { Problem } from "../api/problem";
import { useAccount } from "../session/session";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { Notice, ProblemNotice } from "../ui/Notice";
import { Text } from "../ui/Text";
import styles from "./Settings.module.css";

/** How others see me, and whether they have to ask before they follow me. */
export function ProfileForm() {
  const account = useAccount();
  const me = useQuery({
    queryKey: ["me", account?.id],
    queryFn: async () => given(await api.GET("/v1/profiles/me")),
  });
  if (me.error) return <ProblemNotice error={me.error} />;
  return me.data ? <Form key={me.data.account} profile={me.data} /> : null;
}

function Form({ profile }: { profile: Schemas["ProfileView"] }) {
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: async (body: Schemas["ProfileEdit"]) => given(await api.PATCH("/v1/profiles/me", { body })),
    onSuccess: (next) => {
      queries.setQueryData(["me", next.account], next);
      void queries.invalidateQueries({ queryKey: ["profile"] });
    },
  });
  const problem = save.error instanceof Problem ? save.error : null;

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const handle = String(form.get("handle"));
    save.mutate({
      ...(handle === profile.handle ? {} : { handle }),
      display_name: String(form.get("display_name")),
      bio: String(form.get("bio")),
      links: String(form.get("links")).split(/\s+/).filter(Boolean),
      private: form.get("private") === "on",
    });
  }

  return (
    <form onSubmit={submit} className={styles.form}>
      <Field label={t`Name`} name="display_name" maxLength={80} defaultValue={profile.display_name} error={problem?.of("display_name")} />
      <Field
        label={t`Handle`}
        name="handle"
        required
        minLength={3}
        maxLength={30}
        spellCheck={false}
        defaultValue={profile.handle}
        hint={t`3 to 30 letters, digits, - and _. Others find you by it, and name you with @.`}
        error={problem?.of("handle")}
      />
      <Text label={t`About you`} name="bio" rows={4} maxLength={2000} defaultValue={profile.bio} error={problem?.of("bio")} />
      <Text label={t`Links, one a line`} name="links" rows={2} defaultValue={profile.links.join("\n")} error={problem?.of("links")} />
      <label className={styles.check}>
        <input type="checkbox" name="private" defaultChecked={profile.private} />
        <span>
          <Trans><strong>Private account</strong>
          <br />
          Who wants to follow you has to ask, and only your followers see your Waves and lists. Made public again, it accepts all who wait.</Trans>
        </span>
      </label>
      {save.error && !problem?.errors.length && <ProblemNotice error={save.error} kept={t`What you entered is still here.`} />}
      {save.isSuccess && <Notice kind="good"><Trans>Saved. Lists show it in a moment.</Trans></Notice>}
      <div className={styles.actions}>
        <Button type="submit" aria-disabled={save.isPending}>
          <Trans>Save</Trans>
        </Button>
        <Link to="/u/$handle" params={{ handle: save.data?.handle ?? profile.handle }}>
          <Trans>See your page</Trans>
        </Link>
      </div>
    </form>
  );
}
