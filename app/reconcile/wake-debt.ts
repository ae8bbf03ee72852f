import { owed } from '../grant/debt.ts'
import type { Provider } from '../provider/port.ts'
import type { Clock } from './ports/clock.ts'
import type { Ledger } from './ports/ledger.ts'
import type { Queue } from './ports/queue.ts'

/**
 * Wakes a place's revocation debt, the oldest first, whatever each of it backs off for: the place answers again after it
 * was away.
 * @param account as `Provider.account` names it
 */
export const wakeDebt = async (
  deps: {
    readonly ledger: Pick<Ledger, 'standing'>
    readonly queue: Pick<Queue, 'wake'>
    readonly clock: Clock
  },
  cloud: Pick<Provider, 'name' | 'account'>,
  account: string,
): Promise<void> => {
  const now = deps.clock.now()
  const { open } = await deps.ledger.standing()
  const wake = owed(open, now, cloud.name)
    .filter(({ intent }) => cloud.account(intent.scope) === account)
    .map(({ intent, since }) => ({
      queue: 'grant' as const,
      key: intent.grant,
      urgent: Math.min(since, now),
      owed: true,
    }))
  if (wake.length > 0) await deps.queue.wake(wake)
}
