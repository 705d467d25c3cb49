import { t } from "@lingui/core/macro";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, given } from "../api/client";
import { Say } from "../ui/Say";
import { replace, type WaveBody } from "./cache";

/** Gives a Wave another text; what it said before is kept for its readers. */
export function EditWave({ wave, onDone }: { wave: WaveBody; onDone: (told?: string) => void }) {
  const queries = useQueryClient();
  const edit = useMutation({
    mutationFn: async (text: string) =>
      given(await api.PATCH("/v1/expressions/waves/{wave_id}", { params: { path: { wave_id: wave.id } }, body: { text } })),
    onSuccess: (next) => {
      replace(queries, wave.id, () => next);
      onDone(t`It is changed. Readers can see what it said before.`);
    },
  });
  return (
    <Say
      label={t`Say it in other words`}
      verb={t`Change it`}
      before={wave.text}
      sending={edit.isPending}
      error={edit.error}
      onSay={(text) => edit.mutate(text)}
      onLeave={onDone}
    />
  );
}
