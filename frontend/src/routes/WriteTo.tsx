import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, Navigate, useNavigate, useParams } from "@tanstack/react-router";
import { useRef } from "react";
import { api, given } from "../api/client";
import { Problem } from "../api/problem";
import { Write } from "../messages/Write";
import { useAccount } from "../session/session";
import { ProblemNotice } from "../ui/Notice";
import { Page } from "../ui/Page";
import { SignInFirst } from "./Messages";

/** The first message to somebody; where there is one, this leads to the conversation. */
export function WriteTo() {
  const { handle } = useParams({ from: "/messages/with/$handle" });
  const account = useAccount();
  const found = useQuery({
    queryKey: ["messages", "with", handle.toLowerCase(), account?.id],
    queryFn: async () => {
      const person = given(await api.GET("/v1/profiles/{handle}", { params: { path: { handle } } }));
      return { person, conversation: await conversationWith(person.account) };
    },
    enabled: account?.kind === "user",
    staleTime: 0,
    gcTime: 0,
  });
  if (account?.kind !== "user") return <SignInFirst then={`/messages/with/${handle}`} />;
  if (found.error) {
    return (
      <Page title={t`Nobody to write to`}>
        <h1><Trans>Nobody to write to</Trans></h1>
        <ProblemNotice error={found.error} />
        <p>
          <Link to="/messages"><Trans>See all messages</Trans></Link>
        </p>
      </Page>
    );
  }
  if (!found.data) return <Page title="">{null}</Page>;
  const { person, conversation } = found.data;
  if (conversation) return <Navigate to="/messages/$id" params={{ id: conversation }} replace />;
  const name = person.display_name || `@${person.handle}`;
  return (
    <Page title={t`Write to ${name}`}>
      <h1>
        <Trans>
          Write to <bdi>{name}</bdi>
        </Trans>
      </h1>
      <First account={person.account} name={name} />
    </Page>
  );
}

async function conversationWith(account: string): Promise<string | null> {
  const params = { path: { account_id: account } };
  try {
    return given(await api.GET("/v1/messaging/people/{account_id}/conversation", { params })).conversation.id;
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  }
}

function First({ account, name }: { account: string; name: string }) {
  const clientId = useRef({ id: crypto.randomUUID(), text: "" });
  const navigate = useNavigate();
  const send = useMutation({
    mutationFn: async (text: string) => {
      // The same text under the same name is one message, however often it is sent.
      if (text !== clientId.current.text) clientId.current = { id: crypto.randomUUID(), text };
      const params = { path: { account_id: account } };
      return given(await api.POST("/v1/messaging/people/{account_id}/messages", { params, body: { client_id: clientId.current.id, text } }));
    },
    onSuccess: (message) => navigate({ to: "/messages/$id", params: { id: message.conversation }, replace: true }),
  });
  return (
    <>
      <p><Trans>If they don't follow you, this first message waits until they accept it.</Trans></p>
      {send.error && <ProblemNotice error={send.error} kept={t`What you wrote is still here.`} />}
      <Write label={t`Write to ${name}`} focus sending={send.isPending} onSay={(text) => send.mutate(text)} />
    </>
  );
}
