import type { LedgerEvent } from '../../../app/audit/event.ts'

/**
 * Since when a pull request asks for what is at a path, by what was sealed of it: what was cancelled starts over when it
 * is opened again. Times: epoch ms
 */
export const openedIn =
  (sealed: readonly LedgerEvent[], number: number, reopened: number | undefined) =>
  (path: string): number | undefined => {
    const own = sealed.filter(({ pull, data }) => pull === number && data.path === path)
    const last = (type: LedgerEvent['type']) => own.findLast((event) => event.type === type)
    const [created, cancelled] = [last('request.created'), last('request.cancelled')]
    if (created === undefined) return undefined
    const over = cancelled !== undefined && own.indexOf(cancelled) > own.indexOf(created)
    return Math.max(Date.parse(created.at), (over ? reopened : undefined) ?? 0)
  }

/** Whether a pull request was scheduled at a path: whoever comes to it after that takes nothing away by being refused. */
export const isScheduled = (sealed: readonly LedgerEvent[], number: number, path: unknown): boolean =>
  sealed.some(({ type, pull, data }) => type === 'grant.scheduled' && pull === number && data.path === path)
