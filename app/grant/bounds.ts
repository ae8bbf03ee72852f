/** The longest one provider call may take, in milliseconds. */
export const callMs = 10_000

/** How much of it may go by before it is sent, waiting for others. */
export const turnMs = callMs / 2

/** How long a step waits for its event's seal, in milliseconds. */
export const sealMs = 10_000

/** After this long a worker that died has lost its lease: heartbeat plus supervision (architecture.md, Queue). */
export const leaseMs = 15_000

/** Between two looks at an active grant for what changed behind our back. */
export const driftMs = 5 * 60_000

/** Clocks may differ by this much (providers.md). */
export const skewMs = 5 * 60_000

/** With less than this until the end there is nothing left worth granting. */
const leastCallMs = 500

/**
 * How long a write may take so that `now + deadline < end` holds (providers.md); undefined: too late to send it.
 */
export const writeMs = (now: number, endsAt: number): number | undefined => {
  const half = Math.floor((endsAt - now) / 2)
  return half < leastCallMs ? undefined : Math.min(callMs, half)
}

/** No override of a policy lasts longer (trust.md 5.4). */
export const longestOverrideSeconds = 4 * 3600
