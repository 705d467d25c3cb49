import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, given, type Schemas } from "../api/client";
import { ago } from "../feed/standing";
import { useAccount } from "../session/session";
import { Button } from "../ui/Button";
import { Notice, ProblemNotice } from "../ui/Notice";
import styles from "../settings/Settings.module.css";
import { deviceHere, enable, endPush, standing } from "./push";

/** In which browsers I am told while no page is open. */
export function Devices() {
  const account = useAccount()?.id ?? "";
  const queries = useQueryClient();
  const found = useQuery({
    queryKey: ["notifications", "devices", account],
    queryFn: async () => given(await api.GET("/v1/notifications/devices")).items,
  });
  const here = useQuery({ queryKey: ["notifications", "here", account], queryFn: () => standing(account), networkMode: "always" });
  const add = useMutation({ mutationFn: () => enable(account), onSettled: () => queries.invalidateQueries({ queryKey: ["notifications"] }) });
  const added = found.data?.some(({ id }) => id === deviceHere(account));
  const told = here.data === "told" && added;
  return (
    <section className={styles.form} aria-labelledby="devices">
      <h2 className={styles.legend} id="devices">
        <Trans>While no page is open</Trans>
      </h2>
      <p>
        <Trans>
          A browser can tell you of what is new, also on a locked screen. It says who did something, and not what anybody
          wrote; quiet hours hold for it, too.
        </Trans>
      </p>
      {found.error && <ProblemNotice error={found.error} />}
      {found.data?.length === 0 && <p className={styles.quiet}><Trans>You are told in no browser yet.</Trans></p>}
      {!!found.data?.length && (
        <ul>
          {found.data.map((one) => (
            <One key={one.id} device={one} here={one.id === deviceHere(account)} />
          ))}
        </ul>
      )}
      {here.data === "refused" && (
        <Notice>
          <p><Trans>This browser has been told not to show you anything from VoteWave. Its own settings change that.</Trans></p>
        </Notice>
      )}
      {here.data === "impossible" && <p className={styles.quiet}><Trans>This browser can't be told. On a phone, add VoteWave to the home screen first.</Trans></p>}
      {here.data === "not-asked" || (here.data === "told" && found.data && !told) ? (
        <p>
          <Button aria-disabled={add.isPending} onClick={() => !add.isPending && add.mutate()}>
            <Trans>Tell me in this browser</Trans>
          </Button>
        </p>
      ) : null}
      {add.error && <ProblemNotice error={add.error} kept={t`This browser isn't told.`} />}
    </section>
  );
}

function One({ device, here }: { device: Schemas["DeviceView"]; here: boolean }) {
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: async () => {
      if (here) await endPush();
      else given(await api.DELETE("/v1/notifications/devices/{device_id}", { params: { path: { device_id: device.id } } }));
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["notifications"] }),
  });
  const name = device.label || device.host;
  return (
    <li className={styles.row}>
      <p>
        <strong><bdi>{name}</bdi></strong> {here && <span className={styles.mark}><Trans>this browser</Trans></span>}
        <br />
        <span className={styles.quiet}>
          <Trans>added</Trans> <time dateTime={device.made_at}>{ago(device.made_at)}</time>
        </span>
      </p>
      <Button kind="quiet" aria-label={t`Remove: ${name}`} aria-disabled={remove.isPending} onClick={() => !remove.isPending && remove.mutate()}>
        <Trans>Remove</Trans>
      </Button>
      {remove.error && <ProblemNotice error={remove.error} kept={t`It is told as before.`} />}
    </li>
  );
}
