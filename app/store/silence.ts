import { BackendTerminatedError, type DriverClient } from 'slonik'

/** PostgreSQL itself ends a statement of ours after 60 s (slonik's default): who says nothing for longer is not there. */
export const usualPatienceMs = 75_000

/**
 * Of a host that died or was replaced nothing may ever come, not even an end. A query that it leaves unanswered for
 * `patienceMs` fails like one whose connection was lost, and the connection is given up.
 */
export const patient = (client: DriverClient, patienceMs: number): DriverClient => {
  let lost: Error | undefined
  return {
    ...client,
    async query(...asked) {
      // slonik rolls back what failed, and its caller must hear of the silence.
      if (lost !== undefined) throw lost
      return answered(client.query(...asked), patienceMs, (silence) => {
        lost = silence
        client.destroy().catch(() => undefined)
      })
    },
  }
}

/** @throws BackendTerminatedError when no answer comes in time, which `giveUp` is told first */
export async function answered<T>(
  answer: Promise<T>,
  patienceMs: number,
  giveUp: (silence: Error) => void = () => undefined,
): Promise<T> {
  const silent = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    const cause = new Error(`PostgreSQL did not answer within ${patienceMs / 1000} s`)
    const silence = new BackendTerminatedError(Object.assign(cause, { code: 'ETIMEDOUT' }))
    giveUp(silence)
    silent.reject(silence)
  }, patienceMs)
  try {
    return await Promise.race([answer, silent.promise])
  } finally {
    clearTimeout(timer)
  }
}
