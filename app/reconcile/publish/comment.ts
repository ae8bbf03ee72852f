import { receiptLine } from '../../audit/receipt.ts'
import type { Decision, RequestDecision } from '../../decision/decision.ts'
import { safe } from '../../decision/markdown.ts'
import { decisionMarkdown } from '../../decision/render-markdown.ts'
import { formatDuration } from '../../request/duration.ts'
import type { StatusRow } from '../ports/store.ts'
import type { Receipts, Revoked } from './receipts.ts'

/**
 * Where each request stands for the comment's purpose. The comment is written at the first verdict, on other bytes, at a
 * refusal, active and ended; anything between shows in the check run only, because GitHub's writes are few.
 */
export const commentStage = (decision: Decision, rows: readonly StatusRow[]): string =>
  [
    ...decision.requests.map((request) => `${request.id}=${stageOf(request, rows)}`),
    ...(decidedPolicies(decision) ? [`policies=${decision.verdict}`] : []),
    ...(refusedUnread(decision, rows) ? ['refused'] : []),
  ].join(' ')

/** Whether requests were refused without a look at any: the pull request brought too many. */
export const refusedUnread = ({ requests, moment }: Decision, rows: readonly StatusRow[]): boolean =>
  requests.length === 0 && moment === 'merge' && rows.some(({ request }) => request.state === 'refused')

/** Whether policies that reached the branch were accepted or not. */
export const decidedPolicies = ({ policies, moment }: Decision): boolean =>
  policies !== undefined && moment === 'merge'

const stageOf = (request: RequestDecision, rows: readonly StatusRow[]): string => {
  const row = rows.find((one) => one.request.id === request.id)
  const { grant } = row ?? {}
  if (grant?.state === 'active' || grant?.state === 'revoking') return 'active'
  if (grant !== undefined && ['ended', 'failed', 'refused', 'quarantined'].includes(grant.state))
    return grant.state
  if (row?.request.state === 'refused' || row?.request.state === 'lapsed') return row.request.state
  // Who approves these bytes must not have read of others.
  return `${request.verdict === 'denied' ? 'denied' : 'open'}@${request.blob.slice(0, 10)}`
}

/** By which a pull request's comment is known again; nobody sees it. */
export const commentMark = ({ repository, pull }: Decision): string =>
  `<!-- gitsudo:${repository}:${pull} -->`

/** GitHub takes at most 65,536 characters in a comment: so many of the whole, of what became of requests, of names. */
const mostOfAll = 65_000
const mostStanding = 20_000
const mostNames = 4_000
const mostNote = 1_000

/** The items that fit in `limit` characters, and how many do not. */
const fitting = (
  items: readonly string[],
  limit: number,
): { readonly kept: readonly string[]; readonly left: number } => {
  let length = 0
  let count = 0
  for (const item of items) {
    length += item.length + 2
    if (length > limit) break
    count += 1
  }
  return { kept: items.slice(0, count), left: items.length - count }
}

/** The one comment: what became of each request, then why; what GitHub's limit leaves out is counted. */
export const commentBody = (
  decision: Decision,
  rows: readonly StatusRow[],
  { found: receipts, revoked }: Pick<Receipts, 'found' | 'revoked'>,
  unasked: readonly string[],
): string => {
  const known = new Map(rows.map((row) => [row.request.id, row]))
  const stands = fitting(
    decision.requests.flatMap(({ id }) => {
      const row = known.get(id)
      return row === undefined
        ? []
        : [[`- ${standing(row, revoked.get(id))}`, ...receiptOf(id, receipts)].join('\n')]
    }),
    mostStanding,
  )
  const names = fitting(unasked, mostNames)
  const more = names.left === 0 ? '' : ` and ${names.left} more`
  const head = [
    commentMark(decision),
    ...stands.kept,
    ...(stands.left === 0
      ? []
      : [
          `- and ${stands.left} more; \`gitsudo status\` shows them, \`gitsudo audit --request ID\` the events of each`,
        ]),
    ...policiesLine(decision),
    ...(unasked.length === 0
      ? []
      : ['', `Could approve too, but GitHub asks 15 at most: ${names.kept.join(', ')}${more}`]),
    '',
    `_As of \`${decision.headSha.slice(0, 10)}\`; the check run shows what came since._`,
    '',
  ].join('\n')
  return `${head}\n${decisionMarkdown(decision, mostOfAll - head.length)}`
}

const policiesLine = (decision: Decision): readonly string[] => {
  if (!decidedPolicies(decision) || decision.policies === undefined) return []
  const before = decision.policies.accepted.slice(0, 10)
  return [
    decision.verdict === 'passed'
      ? `- These policies are **accepted**, in the place of those at \`${before}\``
      : `- These policies are **not accepted**: those at \`${before}\` stay in force`,
  ]
}

const receiptOf = (id: string, receipts: ReadonlyMap<string, string>): readonly string[] => {
  const receipt = receipts.get(id)
  return receipt === undefined ? [] : [receiptLine(receipt)]
}

const standing = ({ request, grant }: StatusRow, revoked: Revoked | undefined): string => {
  const name = `\`${request.id}\``
  if (request.state === 'lapsed')
    return `${name} has **lapsed**: it was open longer than allowed; open a new one if the access is still needed`
  if (grant === undefined) return `${name} is **${request.state}**`
  const until = new Date(grant.endsAt).toISOString()
  if (grant.state === 'active')
    return `${name} is **active** until ${until} (${formatDuration((grant.endsAt - grant.startsAt) / 1000)})`
  if (grant.state === 'ended') {
    const at = grant.endedAt === undefined ? '' : `, seen gone at ${new Date(grant.endedAt).toISOString()}`
    const { by, why = '' } = grant.cause === 'revoked' ? (revoked ?? {}) : {}
    const who = by === undefined ? '' : ` by ${safe(by)}`
    return `${name} has **ended** (${grant.cause ?? 'ended'}${who}${at})${inWords(why)}`
  }
  if (grant.state === 'scheduled')
    return `${name} is **scheduled** for ${new Date(grant.startsAt).toISOString()}`
  const stuck = ['refused', 'failed', 'quarantined'].includes(grant.state)
  return `${name} is **${grant.state}**${stuck ? inWords(grant.note) : ''}`
}

/** Somebody's words behind what they are about. */
const inWords = (words = ''): string => (words === '' ? '' : `: ${safe(words.slice(0, mostNote))}`)
