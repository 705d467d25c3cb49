import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { api, given } from "../api/client";
import { Problem } from "../api/problem";
import { Conversation } from "../messages/Conversation";
import { keys } from "../messages/inbox";
import { titleOf } from "../messages/names";
import { useAccount } from "../session/session";
import { ProblemNotice } from "../ui/Notice";
import { Page } from "../ui/Page";
import { SignInFirst } from "./Messages";

export function Talk() {
  const { id } = useParams({ from: "/messages/$id" });
  const account = useAccount();
  const found = useQuery({
    queryKey: [...keys.conversation(id), account?.id],
    queryFn: async () =>
      given(await api.GET("/v1/messaging/conversations/{conversation_id}", { params: { path: { conversation_id: id } } })),
    enabled: account?.kind === "user",
  });
  if (account?.kind !== "user") return <SignInFirst then={`/messages/${id}`} />;
  if (found.data) {
    const { conversation } = found.data;
    return (
      <Page title={titleOf(conversation)}>
        <Conversation key={id} conversation={conversation} me={account.id} />
      </Page>
    );
  }
  if (!found.error) return <Page title="">{null}</Page>;
  return (
    <Page title={t`No such conversation`}>
      <h1><Trans>There is no such conversation</Trans></h1>
      {found.error instanceof Problem && [400, 404].includes(found.error.status) ? (
        <p><Trans>Or you aren't in it.</Trans></p>
      ) : (
        <ProblemNotice error={found.error} />
      )}
      <p>
        <Link to="/messages"><Trans>See all messages</Trans></Link>
      </p>
    </Page>
  );
}
