import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Problem } from "./api/problem";
import { takeInvitation } from "./ballots/secrets";
import { router } from "./routes/router";
import { session } from "./session/session";
import "./ui/tokens.css";
import "./ui/base.css";

takeInvitation();

// After a release, a page that isn't loaded yet has neither its style nor its script under the old names. The router
// loads everything anew, once, when a script is missing; it doesn't know the error of a missing style, which comes first.
window.addEventListener("vite:preloadError", (event) => {
  if (event.payload.message.startsWith("Unable to preload CSS")) event.preventDefault();
});

const queries = new QueryClient({
  // What the server has refused it refuses again; only what didn't reach it is tried again.
  defaultOptions: { queries: { retry: (tries, error) => !(error instanceof Problem) && tries < 2 } },
});

const place = document.getElementById("root");
if (!place) throw new Error("index.html has no #root");
// Who is here is found out first, so that nothing is shown as a stranger's and then again as one's own. If that fails,
// the pages say so when they ask for something.
void session
  .token()
  .catch(() => "")
  .then(() =>
    createRoot(place).render(
      <StrictMode>
        <QueryClientProvider client={queries}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </StrictMode>,
    ),
  );
