// What can be reported: who keeps it, and what is asked of them. Each service has the same routes for what is its own.

import type { MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import { api, given, type Schemas } from "../api/client";
import type { Kind } from "./kind";
import type { Source } from "./merged";

export type Case =
  | ({ kind: "comment" } & Schemas["CaseView"])
  | ({ kind: "wave" } & Schemas["WaveCase"])
  | ({ kind: "message" } & Schemas["MessageCase"]);
export type Outcome = Schemas["Decision"]["outcome"] | Schemas["MessageDecision"]["outcome"];
export type Reason = Schemas["ReportNew"]["reason"];
export type Report = Schemas["ReportView"] | Schemas["MessageReportView"];

type Page<T> = { items: T[]; next?: string | null };
type Service = {
  name: MessageDescriptor;
  cases: Source<Case>;
  reports: (case_id: string, cursor: string | undefined) => Promise<Page<Report>>;
  decide: (case_id: string, outcome: Outcome, reason: string) => Promise<unknown>;
  report: (id: string, reason: Reason, note: string) => Promise<unknown>;
  /** Of what moderators can hide. */
  appeal?: (id: string, text: string) => Promise<unknown>;
};

export const at = (cursor: string | undefined) => ({ params: { query: { cursor } } });
const about = (case_id: string, cursor: string | undefined) => ({ params: { path: { case_id }, query: { cursor } } });

/** A page with the kind of its items. */
export function marked<K extends Kind, T>(kind: K, page: Page<T>) {
  return { items: page.items.map((one) => ({ kind, ...one })), next: page.next ?? null };
}

export const services: Record<Kind, Service> = {
  comment: {
    name: msg`Comments`,
    cases: async (cursor) => marked("comment", given(await api.GET("/v1/comments/cases", at(cursor)))),
    reports: async (id, cursor) => given(await api.GET("/v1/comments/cases/{case_id}/reports", about(id, cursor))),
    decide: async (case_id, outcome, reason) => {
      const body = { outcome: outcome as Schemas["Decision"]["outcome"], reason };
      return given(await api.PUT("/v1/comments/cases/{case_id}/decision", { params: { path: { case_id } }, body }));
    },
    report: async (comment_id, reason, note) =>
      given(await api.PUT("/v1/comments/{comment_id}/report", { params: { path: { comment_id } }, body: { reason, note } })),
    appeal: async (comment_id, text) =>
      given(await api.PUT("/v1/comments/{comment_id}/appeal", { params: { path: { comment_id } }, body: { text } })),
  },
  wave: {
    name: msg`Waves`,
    cases: async (cursor) => marked("wave", given(await api.GET("/v1/expressions/cases", at(cursor)))),
    reports: async (id, cursor) => given(await api.GET("/v1/expressions/cases/{case_id}/reports", about(id, cursor))),
    decide: async (case_id, outcome, reason) => {
      const body = { outcome: outcome as Schemas["WaveDecision"]["outcome"], reason };
      return given(await api.PUT("/v1/expressions/cases/{case_id}/decision", { params: { path: { case_id } }, body }));
    },
    report: async (wave_id, reason, note) =>
      given(await api.PUT("/v1/expressions/waves/{wave_id}/report", { params: { path: { wave_id } }, body: { reason, note } })),
    appeal: async (wave_id, text) =>
      given(await api.PUT("/v1/expressions/waves/{wave_id}/appeal", { params: { path: { wave_id } }, body: { text } })),
  },
  message: {
    name: msg`Messages`,
    cases: async (cursor) => marked("message", given(await api.GET("/v1/messaging/cases", at(cursor)))),
    reports: async (id, cursor) => given(await api.GET("/v1/messaging/cases/{case_id}/reports", about(id, cursor))),
    decide: async (case_id, outcome, reason) => {
      const body = { outcome: outcome as Schemas["MessageDecision"]["outcome"], reason };
      return given(await api.PUT("/v1/messaging/cases/{case_id}/decision", { params: { path: { case_id } }, body }));
    },
    report: async (message_id, reason, note) => {
      const body = { reason: reason as Schemas["MessageReport"]["reason"], note };
      return given(await api.PUT("/v1/messaging/messages/{message_id}/report", { params: { path: { message_id } }, body }));
    },
  },
};
