import { setTimeout as pause } from 'node:timers/promises'
import type { AwsRole } from '../../grant/grantable/aws.ts'
import { type Call, ProviderError } from '../port.ts'
import type { Api } from './api.ts'
import { type Denial, readDenials, tidy, withDenial, writeDenials } from './denials.ts'
import { isFull } from './faults.ts'
import type { Records } from './records.ts'

/** A session to refuse, and from when on it cannot be alive. */
export type Refused = { readonly userid: string; readonly until: number }

type Waiting = Refused & {
  readonly signal: AbortSignal
  readonly resolve: (denials: readonly Denial[]) => void
  readonly reject: (error: unknown) => void
}

const firstBackOffMs = 100
/** A call may take so long, and the policy is there when it has been answered. */
const callMs = 10_000
/** "The total aggregate policy size of all inline policies for an entity": what is larger by itself is not tried. */
const roleBytes = 10_240

type Deps = {
  readonly api: Api
  readonly records: Records
  readonly clock: { now(): number }
  /** Our inline policy's name. */
  readonly policy: string
  /** Whoever else is being revoked on a role, by the ledger. */
  readonly others: (role: AwsRole) => Promise<readonly Refused[]>
}

/**
 * Writes our inline policy of roles, which AWS replaces whole and without an etag: one writer a role on all replicas,
 * what waits for the same role in one write. Whoever is being revoked by the ledger is put in whatever was read, so that
 * a read that lags loses nobody; where there is no room for all, those that end first.
 */
export const createWriter = ({ api, records, clock, policy, others }: Deps) => {
  const queues = new Map<string, Waiting[]>()

  /** @returns whether the role has room for them */
  const written = async (
    role: AwsRole,
    before: string | undefined,
    next: readonly Denial[],
    signal: AbortSignal,
  ): Promise<boolean> => {
    const text = writeDenials(next)
    if (text !== undefined && text.length > roleBytes) return false
    try {
      if (text === undefined) await api.deletePolicy(role, policy, signal)
      else if (text !== before) await api.putPolicy(role, policy, text, signal)
      return true
    } catch (error) {
      if (error instanceof ProviderError && isFull(error.cause)) return false
      throw error
    }
  }

  const write = async (role: AwsRole, batch: readonly Waiting[], signal: AbortSignal): Promise<void> => {
    const before = await api.policy(role, policy, signal)
    const now = clock.now()
    const there = tidy(readDenials(before), now)
    const said = new Set(there.map(({ userid }) => userid))
    const missing = [...new Map([...batch, ...(await others(role))].map((one) => [one.userid, one])).values()]
      .filter(({ userid }) => !said.has(userid))
      .sort((a, b) => a.until - b.until)
    const first = (count: number): readonly Denial[] =>
      missing
        .slice(0, count)
        .reduce(
          (all, { userid, until }) => withDenial(all, userid, { now, since: now + callMs, until }),
          there,
        )
    let [fit, over] = [-1, missing.length + 1]
    for (let count = missing.length; over - fit > 1; count = Math.floor((fit + over) / 2)) {
      if (await written(role, before, first(count), signal)) fit = count
      else over = count
    }
    for (const { userid } of missing.slice(0, Math.max(0, fit))) said.add(userid)
    const after = readDenials(await api.policy(role, policy, signal))
    for (const one of batch)
      if (said.has(one.userid)) one.resolve(after)
      else
        one.reject(
          new ProviderError(
            'conflict',
            `aws: ${role.arn} has no room in its inline policies to refuse one more session: its access ends with the grant`,
          ),
        )
  }

  const persist = async (role: AwsRole, batch: readonly Waiting[]): Promise<void> => {
    const turnBy = AbortSignal.timeout(callMs)
    for (let tries = 0; ; tries++) {
      try {
        // Its turn may be late: it has the whole of its time then.
        return await records.exclusive(role, turnBy, () => write(role, batch, AbortSignal.timeout(callMs)))
      } catch (error) {
        const again = error instanceof ProviderError && error.kind === 'conflict'
        const wait = Math.random() * firstBackOffMs * 2 ** tries
        if (!again || turnBy.aborted || batch.every((one) => one.signal.aborted)) throw error
        await pause(wait, undefined, { signal: turnBy }).catch(() => Promise.reject(error))
      }
    }
  }

  const drain = async (role: AwsRole, queue: Waiting[]): Promise<void> => {
    // Whoever comes in the same turn is still let in.
    await Promise.resolve()
    while (queue.length > 0) {
      const batch = queue.splice(0)
      await persist(role, batch).catch((error: unknown) => {
        for (const one of batch) one.reject(error)
      })
    }
    queues.delete(role.arn)
  }

  return {
    /** @returns what the policy says, read back, of every session that it refuses */
    refuse: (role: AwsRole, refused: Refused, call: Call): Promise<readonly Denial[]> =>
      new Promise((resolve, reject) => {
        const one = { ...refused, signal: call.signal, resolve, reject }
        const queue = queues.get(role.arn)
        if (queue !== undefined) {
          queue.push(one)
          return
        }
        const fresh = [one]
        queues.set(role.arn, fresh)
        void drain(role, fresh)
      }),
  }
}
