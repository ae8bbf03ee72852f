import { type Anchors, createAnchoredCheck } from '../../audit/compare/anchors.ts'
import { type Comparison, compared, listed, plural } from '../../audit/compare/comparison.ts'
import { skipped, undecided } from '../../audit/compare/lines.ts'
import { createMergeCheck, type MergeLine, mergeTypes } from '../../audit/compare/merges.ts'
import { createPullCheck, type MergedPull } from '../../audit/compare/pulls.ts'
import { compareReceipts, unattributed } from '../../audit/compare/receipts.ts'
import { createRestoreCheck } from '../../audit/compare/restores.ts'
import { isAmong } from '../../audit/foreign.ts'
import type { Receipt } from '../../audit/receipt.ts'
import { signatureHolds, signingKeyId } from '../../audit/signature.ts'
import type { Marks } from '../../audit/verify.ts'
import type { GitHubSays, VerifyAsk } from '../../cli/deps.ts'
import type { Keys, Source } from './source.ts'

/** A clone is fetched a while before the ledger is read. */
const fetchedWithinMs = 300_000

/** What only the events can say: anchors, restored backups, merges, GitHub's pull requests and receipts. */
export async function hearEvents(
  source: Source,
  ledger: Pick<Marks, 'faults' | 'foreign'> & { readonly size: number },
  {
    ask: { github, fromBackup, grantWindowMs },
    anchors,
    keys,
    lines,
    now,
  }: {
    readonly ask: Pick<VerifyAsk, 'github' | 'fromBackup' | 'grantWindowMs'>
    readonly anchors: Anchors | undefined
    readonly keys: Keys
    readonly lines: readonly MergeLine[]
    readonly now: number
  },
) {
  const publicKeys = new Map((keys ?? []).map(({ publicKey }) => [signingKeyId(publicKey), publicKey]))
  const anchored = anchors && createAnchoredCheck(anchors, new Date(now - fetchedWithinMs).toISOString())
  const { size, foreign } = ledger
  const restored = createRestoreCheck(anchors, ledger, (event) => signatureHolds(event, publicKeys))
  const merges = lines.map((line) => createMergeCheck(line, now, grantWindowMs))
  const pulls = github && createPullCheck(github.repository, github.merged, now, grantWindowMs)
  const more = lines.length > 0 || pulls ? mergeTypes : []
  for await (const { seq, event } of source.events(['ledger.anchored', 'ledger.restored', ...more], size)) {
    restored.see(seq, event)
    // What is not ours explains nothing.
    if (isAmong(foreign, seq)) continue
    anchored?.see(seq, event)
    pulls?.see(event)
    for (const merge of merges) merge.see(event)
  }
  const ended = merges.map((merge) => merge.end(fromBackup))
  const pulled = pulls && github && (await comparePulls(github, pulls.end(fromBackup)))
  return {
    anchored: anchored?.end() ?? { faults: [], fresh: 0, after: () => 0, elsewhere: 0 },
    restored,
    merges: [
      ...(ended.length === 0 ? [skipped('merges', 'not compared (--repository)')] : ended),
      pulled ?? skipped('merges', "GitHub's own pull requests not compared (--token and --repo)"),
    ],
    /** Merges that a backup need not know of. */
    after: [...ended, ...(pulled ? [pulled] : [])].flatMap(({ after }) => after),
    /** `excused`: how many are of events that were lost. */
    receipts: async (
      faults: readonly string[],
    ): Promise<Comparison & { readonly beyond: number; readonly excused: number }> => {
      if (github === undefined)
        return { ...skipped('receipts', 'not compared (--token and --repo)'), beyond: 0, excused: 0 }
      const others = github.others ?? []
      if (github.receipts.length === 0 && others.length > 0)
        return { ...unattributed(github.app, others), beyond: 0, excused: 0 }
      const places = await source.places(github.receipts.map(({ leaf }) => leaf))
      const isLost = ({ seq, leaf }: Receipt) => !places.has(leaf) && restored.excusesReceipt(seq)
      const standing = github.receipts.filter((one) => !isLost(one))
      const excused = github.receipts.length - standing.length
      return { ...compareReceipts(standing, places, size, faults, others), excused }
    },
  }
}

async function comparePulls(
  github: GitHubSays,
  pulls: ReturnType<ReturnType<typeof createPullCheck>['end']>,
): Promise<Comparison & { readonly after: readonly string[] }> {
  if (pulls === undefined) {
    const said = 'no event is about the repository that GitHub was asked about: is it one of this ledger?'
    return { of: 'merges', outcome: 'unproven', said, details: [], after: [] }
  }
  const withRequests = async (merged: readonly MergedPull[], tell: (number: number) => string) => {
    const found: string[] = []
    for (const { number } of merged) {
      const adds = await github.addsRequests(number)
      if (adds) found.push(tell(number))
      if (adds === undefined) unlisted.push(`#${number}`)
    }
    return found
  }
  const unlisted: string[] = []
  const faults = await withRequests(
    pulls.unknown,
    (number) => `GitHub merged #${number} with request files, and no event is about it`,
  )
  const after = await withRequests(
    pulls.after,
    (number) => `#${number}, which GitHub merged with request files`,
  )
  const rest =
    pulls.waiting === 0 ? '' : `, ${pulls.waiting} merged within the grant window, or later, may wait`
  const good = `those of GitHub's ${plural(pulls.compared, 'merged pull request')} that brought requests are on record${rest}${undecided(after.length)}`
  if (unlisted.length > 0 && faults.length === 0) {
    const said = `${good}; whether ${unlisted.join(', ')} did cannot be told, because GitHub lists 3,000 files of each`
    return { of: 'merges', outcome: 'unproven', said, details: [], after: listed(after) }
  }
  return { ...compared('merges', good, faults), after: listed(after) }
}
