import { wakeBranch, wakeGroup, wakePublish, wakePull } from '../reconcile/key.ts'
import type { WakeUp } from '../reconcile/ports/queue.ts'
import type { Delivery } from '../reconcile/ports/store.ts'
import { isKept } from './kept.ts'
import { parseBody } from './payload.ts'
import { type EventName, eventOf, shapes } from './shapes.ts'

export type IntakeRepository = { readonly id: number; readonly fullName: string; readonly branch: string }

export type Reading =
  | { readonly delivery: Delivery; readonly wake: readonly WakeUp[] }
  /** Acknowledged and not stored. `alert`: a person must look. */
  | {
      readonly ignored: string
      readonly alert?: { readonly event: string; readonly fields: Readonly<Record<string, unknown>> }
    }
  | { readonly refused: 400; readonly why: string }

type Header = Readonly<Record<string, string | undefined>>

/**
 * What a delivery whose signature holds asks to be looked at. Pure; the meaning is the body's, the headers
 * must fit it (trust.md 2.10).
 *
 * @param headers names in lower case
 * @param receivedAt epoch ms
 */
export function readDelivery(
  headers: Header,
  rawBody: Uint8Array,
  at: { readonly repositories: ReadonlyMap<number, IntakeRepository>; readonly receivedAt: number },
): Reading {
  const event = headers['x-github-event']
  const guid = headers['x-github-delivery']
  if (event === undefined || guid === undefined || !/^[0-9A-Za-z-]{1,64}$/.test(guid)) {
    return { refused: 400, why: 'the event or delivery header is missing or malformed' }
  }
  const body = parseBody(rawBody)
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return { refused: 400, why: 'the body is not a JSON object; set the webhook to application/json' }
  }
  const actual = eventOf(body)
  if (!isEvent(event)) {
    if (actual) return { refused: 400, why: `the header says ${shown(event)}, the body is a ${actual}` }
    return { ignored: `${shown(event)} means nothing here` }
  }
  if (isNotice(event)) {
    return actual
      ? { refused: 400, why: `the header says ${event}, the body is a ${actual}` }
      : notice(event, body, at.repositories)
  }
  if (actual !== event) return { refused: 400, why: `the header says ${event}, the body does not fit it` }
  const about = aboutOf(event, body)
  if (!about) return { refused: 400, why: `the body is no ${event} that can be read` }
  const { action, wake, ...rest } = about
  const repository = at.repositories.get(about.repository)
  if (!repository) return { ignored: `repository ${about.repository} is not configured` }
  if (!isKept(event, action)) return { ignored: `${event} ${shown(action ?? '')} asks for nothing` }
  return {
    delivery: { guid: guid.toLowerCase(), event, body: rawBody, receivedAt: at.receivedAt, ...rest },
    wake: wake(repository, at.receivedAt),
  }
}

const isEvent = (name: string): name is EventName => Object.hasOwn(shapes, name)
const shown = (text: string) => JSON.stringify(text.slice(0, 60))

type Notice = 'installation' | 'installation_repositories' | 'repository'
const isNotice = (event: EventName): event is Notice =>
  event === 'installation' || event === 'installation_repositories' || event === 'repository'

type About = {
  readonly action?: string
  readonly repository: number
  readonly pull?: number
  readonly ref?: string
  readonly wake: (repository: IntakeRepository, receivedAt: number) => readonly WakeUp[]
}

function aboutOf(event: Exclude<EventName, Notice>, body: object): About | undefined {
  switch (event) {
    case 'pull_request': {
      const { success, data } = shapes.pull_request.safeParse(body)
      if (!success || data.number !== data.pull_request.number) return undefined
      const { action, number: pull } = data
      const merged = action === 'closed' && data.pull_request.merged === true
      const repository = data.repository.id
      return {
        action,
        repository,
        pull,
        // A verdict gives or denies access: a forecast can wait.
        wake: (_, urgent) =>
          merged
            ? [{ ...wakePull(repository, pull), urgent }, wakeBranch(repository)]
            : [wakePull(repository, pull)],
      }
    }
    case 'pull_request_review': {
      const { success, data } = shapes.pull_request_review.safeParse(body)
      if (!success) return undefined
      const repository = data.repository.id
      const pull = data.pull_request.number
      return { action: data.action, repository, pull, wake: () => [wakePull(repository, pull)] }
    }
    case 'push': {
      const { success, data } = shapes.push.safeParse(body)
      if (!success) return undefined
      const { ref } = data
      return {
        repository: data.repository.id,
        ref,
        wake: ({ id, branch }) => (ref === `refs/heads/${branch}` ? [wakeBranch(id)] : []),
      }
    }
    case 'issue_comment': {
      const { success, data } = shapes.issue_comment.safeParse(body)
      if (!success) return undefined
      const repository = data.repository.id
      const action = data.action
      if (!data.issue.pull_request) return { action, repository, wake: () => [] }
      const pull = data.issue.number
      // Most comments are talk: only a command is worth a look.
      const command = /^\/gitsudo\b/im.test(data.comment.body)
      const asked = (urgent: number) => (command ? [{ ...wakePull(repository, pull), urgent }] : [])
      return { action, repository, pull, wake: (_, receivedAt) => asked(receivedAt) }
    }
    case 'check_run': {
      const { success, data } = shapes.check_run.safeParse(body)
      if (!success) return undefined
      const repository = data.repository.id
      const numbers = new Set(data.check_run.pull_requests.map(({ number }) => number))
      // GitHub leaves pull_requests empty for forks; our own check names its pull request (trust.md 6.06a).
      const named = /^gitsudo:(\d+):([1-9]\d*)$/.exec(data.check_run.external_id ?? '')
      if (named && Number(named[1]) === repository) numbers.add(Number(named[2]))
      return {
        action: data.action,
        repository,
        wake: () => [
          ...[...numbers].flatMap((pull) => showAgain(repository, pull)),
          ...groupOn(repository, data.check_run.check_suite?.head_branch),
        ],
      }
    }
    case 'check_suite': {
      const { success, data } = shapes.check_suite.safeParse(body)
      if (!success) return undefined
      const repository = data.repository.id
      return {
        action: data.action,
        repository,
        wake: () => [
          ...data.check_suite.pull_requests.flatMap(({ number }) => showAgain(repository, number)),
          ...groupOn(repository, data.check_suite.head_branch),
        ],
      }
    }
    case 'merge_group': {
      const { success, data } = shapes.merge_group.safeParse(body)
      if (!success) return undefined
      const { head_ref: ref, base_ref: base } = data.merge_group
      return {
        action: data.action,
        repository: data.repository.id,
        ref,
        wake: ({ id, branch }) =>
          data.action === 'checks_requested' && base === `refs/heads/${branch}` ? [wakeGroup(id, ref)] : [],
      }
    }
  }
}

const showAgain = (repository: number, pull: number): readonly WakeUp[] => [
  wakePull(repository, pull),
  wakePublish(repository, pull),
]

/** A merge queue's own branches: what is asked of their checks is asked of the group. */
const groupOn = (repository: number, branch: string | null | undefined): readonly WakeUp[] =>
  branch?.startsWith('gh-readonly-queue/') ? [wakeGroup(repository, `refs/heads/${branch}`)] : []

/** What happens to the App or a repository itself changes no request; a person must hear of it (trust.md 6.26, 1.1). */
function notice(event: Notice, body: object, repositories: ReadonlyMap<number, IntakeRepository>): Reading {
  if (event === 'repository') {
    const { success, data } = shapes.repository.safeParse(body)
    if (!success) return { refused: 400, why: 'the body is no repository event that can be read' }
    const ignored = `repository ${data.action}`
    if (!repositories.has(data.repository.id)) return { ignored }
    const fields = { action: data.action, repository: data.repository.id, now: data.repository.full_name }
    return { ignored, alert: { event: 'github.repository_changed', fields } }
  }
  const { success, data } = shapes[event].safeParse(body)
  if (!success) return { refused: 400, why: `the body is no ${event} event that can be read` }
  const ignored = `${event} ${data.action}`
  const lost = (data.repositories_removed ?? []).map(({ id }) => id).filter((id) => repositories.has(id))
  if (event === 'installation_repositories' && lost.length === 0) return { ignored }
  const fields = { action: data.action, installation: data.installation.id, repositories: lost }
  return { ignored, alert: { event: 'github.installation_changed', fields } }
}
