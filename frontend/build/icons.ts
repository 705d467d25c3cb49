// The sign, drawn as PNG: ui/wave.svg's wave, in the sizes and shapes that systems want.

import { crc32, deflateSync } from "node:zlib";

const SEA = [0x0d, 0x5c, 0x6b];
const WHITE = [255, 255, 255];
const HALF_STROKE = 1.5;
const BOX = 32;
const CORNER = 8;

type Shape = "round" | "full" | "badge";

/** The wave of ui/wave.svg as points, in its box of 32. */
const wave = [
  [4, 20, 8, 20, 8, 12, 12, 12],
  [12, 12, 16, 12, 16, 20, 20, 20],
  [20, 20, 24, 20, 24, 12, 28, 12],
].flatMap(([ax, ay, bx, by, cx, cy, dx, dy]) =>
  Array.from({ length: 25 }, (_, step) => {
    const t = step / 24;
    const along = (a: number, b: number, c: number, d: number) =>
      (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t ** 2 * c + t ** 3 * d;
    return [along(ax!, bx!, cx!, dx!), along(ay!, by!, cy!, dy!)] as const;
  }),
);

function toWave(x: number, y: number): number {
  let nearest = Infinity;
  for (let next = 1; next < wave.length; next++) {
    const [ax, ay] = wave[next - 1]!;
    const [bx, by] = wave[next]!;
    const length = (bx - ax) ** 2 + (by - ay) ** 2;
    const t = length ? Math.max(0, Math.min(1, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length)) : 0;
    nearest = Math.min(nearest, Math.hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay)));
  }
  return nearest;
}

function outside(x: number, y: number): number {
  const beyond = (at: number) => Math.abs(at - BOX / 2) - (BOX / 2 - CORNER);
  return Math.hypot(Math.max(beyond(x), 0), Math.max(beyond(y), 0)) - CORNER;
}

/**
 * Returns a square PNG.
 *
 * @param size Its edge, in pixels.
 * @param shape `round` as in the SVG; `full` to its edges, with the wave in the circle that no mask cuts; `badge` the wave
 *   alone, as systems that colour it themselves want it.
 */
export function icon(size: number, shape: Shape): Buffer {
  const zoom = shape === "full" ? 0.8 : 1;
  const pixel = BOX / size;
  const covered = (distance: number) => Math.max(0, Math.min(1, 0.5 - distance / pixel));
  const rows = Buffer.alloc(size * (1 + size * 4));
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const [x, y] = [(column + 0.5) * pixel, (row + 0.5) * pixel];
      const inWave = (at: number) => (at - BOX / 2) / zoom + BOX / 2;
      const ink = covered((toWave(inWave(x), inWave(y)) - HALF_STROKE) * zoom);
      const ground = shape === "full" ? 1 : shape === "badge" ? 0 : covered(outside(x, y));
      const at = row * (1 + size * 4) + 1 + column * 4;
      for (let part = 0; part < 3; part++) {
        rows[at + part] = Math.round(shape === "badge" ? 255 : WHITE[part]! * ink + SEA[part]! * (1 - ink));
      }
      rows[at + 3] = Math.round(255 * (shape === "badge" ? ink : ground));
    }
  }
  return png(size, rows);
}

function png(size: number, rows: Buffer): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(size, 0);
  head.writeUInt32BE(size, 4);
  head.set([8, 6, 0, 0, 0], 8); // eight bits of red, green, blue and alpha
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", head),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(name: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(name, "ascii"), data]);
  const whole = Buffer.alloc(named.length + 8);
  whole.writeUInt32BE(data.length, 0);
  whole.set(named, 4);
  whole.writeUInt32BE(crc32(named), named.length + 4);
  return whole;
}
