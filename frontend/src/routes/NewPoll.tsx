import { useMutation } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useRef, useState } from "react";
import { api, given, type Schemas } from "../api/client";
import { Problem } from "../api/problem";
import { useAccount } from "../session/session";
import { Button } from "../ui/Button";
import { Choice } from "../ui/Choice";
import { Field } from "../ui/Field";
import { ProblemNotice } from "../ui/Notice";
import { Page } from "../ui/Page";
import styles from "./form.module.css";

type Method = Schemas["PollNew"]["method"]["type"];

const methods: { type: Method; says: string }[] = [
  { type: "single", says: "One choice: everybody picks one" },
  { type: "approval", says: "Approval: everybody picks all they approve of" },
  { type: "multiple", says: "Several choices: everybody picks some" },
  { type: "star", says: "STAR: scores from 0 to 5, then a runoff of the two best" },
  { type: "score", says: "Score: the highest total wins" },
  { type: "irv", says: "Ranked choice: the last is taken out until one has a majority" },
  { type: "stv", says: "Ranked choice for several seats, in proportion" },
  { type: "schulze", says: "Ranked, every pair compared (Schulze)" },
  { type: "ranked_robin", says: "Ranked robin: who wins most pairs" },
  { type: "points", says: "Points: everybody divides 100 points" },
];

export function NewPoll() {
  const account = useAccount();
  const navigate = useNavigate();
  const [options, setOptions] = useState(["", ""]);
  const [method, setMethod] = useState<Method>("approval");
  const key = useRef(crypto.randomUUID()); // a second press or a retry makes no second poll
  const make = useMutation({
    mutationFn: async (body: Schemas["PollNew"]) =>
      given(await api.POST("/v1/polls", { body, params: { header: { "Idempotency-Key": key.current } } })),
    onSuccess: (poll) => navigate({ to: "/p/$code", params: { code: poll.code } }),
    onError: (error) => {
      if (error instanceof Problem) key.current = crypto.randomUUID();
    },
  });
  const problem = make.error instanceof Problem ? make.error : null;

  if (account?.kind !== "user") {
    return (
      <Page title="New poll">
        <h1>Make a poll</h1>
        <p>Whoever makes a poll needs an account; whoever votes in it needn't.</p>
        <p>
          <Link to="/sign-up" search={{ then: "/new" }}>
            Sign up
          </Link>{" "}
          or{" "}
          <Link to="/sign-in" search={{ then: "/new" }}>
            sign in
          </Link>
        </p>
      </Page>
    );
  }

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const labels = options.map((label) => label.trim()).filter(Boolean);
    const seats = Number(form.get("seats"));
    make.mutate({
      title: String(form.get("title")),
      description: String(form.get("description")),
      method: method === "stv" ? { type: "stv", seats } : { type: method },
      options: labels.map((label) => ({ label })),
      rules: {
        eligibility: form.get("eligibility") as Schemas["Eligibility"],
        results: form.get("results") as Schemas["Visibility"],
        listing: form.get("listing") as Schemas["Listing"],
      },
      publish: true,
    });
  }

  return (
    <Page title="New poll">
      <h1>Make a poll</h1>
      <form onSubmit={submit} className={styles.form}>
        <Field label="Question" name="title" required maxLength={200} error={problem?.of("title")} />
        <Field label="What voters should know" name="description" hint="May be left out." error={problem?.of("description")} />
        <fieldset className={styles.form}>
          <legend className="visually-hidden">Options</legend>
          {options.map((label, place) => (
            <Field
              key={place}
              label={`Option ${place + 1}`}
              value={label}
              maxLength={200}
              required={place < 2}
              onChange={(event) => setOptions(options.map((old, at) => (at === place ? event.target.value : old)))}
              error={problem?.of(`options.${place}`)}
            />
          ))}
          <div>
            <Button kind="quiet" onClick={() => setOptions([...options, ""])}>
              Add an option
            </Button>
          </div>
        </fieldset>
        <Choice label="Method" name="method" value={method} onChange={(value) => setMethod(value as Method)}>
          {methods.map(({ type, says }) => (
            <option key={type} value={type}>
              {says}
            </option>
          ))}
        </Choice>
        {method === "stv" && <Field label="Seats" name="seats" type="number" min={1} defaultValue={2} required />}
        <Choice label="Who may vote" name="eligibility">
          <option value="anyone">Anyone with the link, once a browser</option>
          <option value="signed_in">Anyone with an account</option>
        </Choice>
        <Choice label="Who sees the result" name="results">
          <option value="always">Everybody, at any time</option>
          <option value="after_vote">Whoever has voted</option>
          <option value="after_close">Everybody, once voting is over</option>
          <option value="owner">I alone</option>
        </Choice>
        <Choice label="Where it is listed" name="listing">
          <option value="unlisted">Nowhere; it is found by link or code</option>
          <option value="public">On the first page, for everybody</option>
        </Choice>
        {make.error && <ProblemNotice error={make.error} kept="Nothing was published; all that you entered is still here." />}
        <div className={styles.actions}>
          <Button type="submit" disabled={make.isPending}>
            Publish the poll
          </Button>
        </div>
      </form>
    </Page>
  );
}
