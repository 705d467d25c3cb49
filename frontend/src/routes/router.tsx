import { Trans } from "@lingui/react/macro";
import { t } from "@lingui/core/macro";
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Link, redirect } from "@tanstack/react-router";
import { type Kind, kinds } from "../moderation/kind";
import { Page } from "../ui/Page";
import { codeIn, Landing } from "./Landing";
import { Shell } from "./Shell";

// services/web/pages.py serves the client for these paths; a new one belongs there, too. The build reads here which script
// each of them needs (build/documents.ts), so that its document names that one, too.

/** Only a path of our own, so that no link leads through here to another site. */
function after(search: Record<string, unknown>): { then?: string | undefined } {
  const { then } = search;
  return typeof then === "string" && /^\/(?![/\\])/.test(then) ? { then } : {};
}

const shown = ["waves", "followers", "following"] as const;
type Shown = (typeof shown)[number];

const lists = ["sent", "suggestions", "mutes", "blocks"] as const;
type List = (typeof lists)[number];

const statuses = ["draft", "scheduled", "open", "closed", "archived"] as const;
type Status = (typeof statuses)[number];

const settings = ["account", "sessions", "keys", "notifications", "feed", "messages", "data"] as const;
type Setting = (typeof settings)[number];
const found = ["polls", "waves", "people", "tags"] as const;
type Found = (typeof found)[number];
const letters = ["requests", "search", "group"] as const;
type Letters = (typeof letters)[number];

const moderated = ["filters", "limits", "log"] as const;
type Moderated = { show?: (typeof moderated)[number]; kind?: Kind };

/** One part of the page for moderators, or what waits of one kind. */
function moderation({ show, kind }: Record<string, unknown>): Moderated {
  const part = moderated.find((one) => one === show);
  const only = kinds.find((one) => one === kind);
  return part ? { show: part } : only ? { kind: only } : {};
}

/** The comment that a link leads to. */
function meant(search: Record<string, unknown>): { comment?: string } {
  const { comment } = search;
  return typeof comment === "string" && /^[0-9a-f-]{36}$/.test(comment) ? { comment } : {};
}

const root = createRootRoute({
  component: Shell,
  notFoundComponent: () => (
    <Page title={t`No such page`}>
      <h1>
        <Trans>There is no such page</Trans>
      </h1>
      <p>
        <Link to="/">
          <Trans>Go to the first page</Trans>
        </Link>
      </p>
    </Page>
  ),
});

const routeTree = root.addChildren([
  createRoute({
    getParentRoute: () => root,
    path: "/",
    // The document's form leads here where it is sent before the page has taken its place.
    validateSearch: ({ code }: Record<string, unknown>): { code?: string } =>
      typeof code === "string" || typeof code === "number" ? { code: String(code).slice(0, 200) } : {},
    beforeLoad: ({ search }) => {
      const code = codeIn(search.code ?? "");
      if (code) throw redirect({ to: "/p/$code", params: { code }, replace: true });
    },
    component: Landing,
  }),
  createRoute({ getParentRoute: () => root, path: "/p/$code", validateSearch: meant, component: lazyRouteComponent(() => import("./PollPage"), "PollPage") }),
  createRoute({
    getParentRoute: () => root,
    path: "/sign-in",
    validateSearch: after,
    component: lazyRouteComponent(() => import("./SignIn"), "SignIn"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/sign-up",
    validateSearch: after,
    component: lazyRouteComponent(() => import("./SignIn"), "SignUp"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/forgot",
    component: lazyRouteComponent(() => import("./Letters"), "Forgot"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/reset",
    component: lazyRouteComponent(() => import("./Letters"), "Reset"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/verify",
    component: lazyRouteComponent(() => import("./Letters"), "Verify"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/home",
    validateSearch: ({ about, order }: Record<string, unknown>): { about?: string; order?: "ranked" } => ({
      ...(typeof about === "string" && /^[A-Za-z0-9-]{1,20}$/.test(about) ? { about } : {}),
      ...(order === "ranked" ? { order } : {}),
    }),
    component: lazyRouteComponent(() => import("./Home"), "Home"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/explore",
    validateSearch: (search: Record<string, unknown>): { q?: string; show?: Found } =>
      typeof search.q === "string" || typeof search.q === "number"
        ? { q: String(search.q).slice(0, 200), ...(found.includes(search.show as Found) && { show: search.show as Found }) }
        : {},
    component: lazyRouteComponent(() => import("./Explore"), "Explore"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/polls/$id",
    validateSearch: meant,
    component: lazyRouteComponent(() => import("./PollById"), "PollById"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/polls/mine",
    validateSearch: (search: Record<string, unknown>): { show?: Status } =>
      statuses.includes(search.show as Status) ? { show: search.show as Status } : {},
    component: lazyRouteComponent(() => import("./MyPolls"), "MyPolls"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/polls/$id/edit",
    component: lazyRouteComponent(() => import("./EditPoll"), "EditPoll"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/polls/$id/voters",
    component: lazyRouteComponent(() => import("./Voters"), "Voters"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/waves/$id",
    component: lazyRouteComponent(() => import("./WavePage"), "WavePage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/tags/$tag",
    component: lazyRouteComponent(() => import("./TagPage"), "TagPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/u/$handle",
    validateSearch: (search: Record<string, unknown>): { show?: Shown } =>
      shown.includes(search.show as Shown) ? { show: search.show as Shown } : {},
    component: lazyRouteComponent(() => import("./Profile"), "Profile"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/people",
    validateSearch: (search: Record<string, unknown>): { show?: List } =>
      lists.includes(search.show as List) ? { show: search.show as List } : {},
    component: lazyRouteComponent(() => import("./Known"), "Known"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/notifications",
    component: lazyRouteComponent(() => import("./News"), "News"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/messages",
    validateSearch: (search: Record<string, unknown>): { show?: Letters } =>
      letters.includes(search.show as Letters) ? { show: search.show as Letters } : {},
    component: lazyRouteComponent(() => import("./Messages"), "Messages"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/messages/$id",
    component: lazyRouteComponent(() => import("./Talk"), "Talk"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/messages/with/$handle",
    component: lazyRouteComponent(() => import("./WriteTo"), "WriteTo"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/receipts",
    component: lazyRouteComponent(() => import("./Receipts"), "Receipts"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/settings",
    validateSearch: (search: Record<string, unknown>): { show?: Setting } =>
      settings.includes(search.show as Setting) ? { show: search.show as Setting } : {},
    component: lazyRouteComponent(() => import("./Settings"), "Settings"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/moderation",
    validateSearch: moderation,
    component: lazyRouteComponent(() => import("./Moderation"), "Moderation"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/join",
    component: lazyRouteComponent(() => import("../rooms/Join"), "Join"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/r/$code",
    component: lazyRouteComponent(() => import("../rooms/RoomPage"), "RoomPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/r/$code/screen",
    component: lazyRouteComponent(() => import("../rooms/screen/ScreenPage"), "ScreenPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/rooms",
    component: lazyRouteComponent(() => import("../rooms/MyRooms"), "MyRooms"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/rooms/$id/host",
    component: lazyRouteComponent(() => import("../rooms/host/HostPage"), "HostPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/new",
    component: lazyRouteComponent(() => import("./NewPoll"), "NewPoll"),
  }),
]);

export const router = createRouter({ routeTree, scrollRestoration: true });

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
