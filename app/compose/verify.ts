import { homedir } from 'node:os'
import { join } from 'node:path'
import { type Claim, contradiction, readClaim } from '../audit/claim.ts'
import {
  type AnchorBranch,
  type Anchors,
  createAnchoredCheck,
  readAnchors,
} from '../audit/compare/anchors.ts'
import { type Comparison, compared, listed, plural, told } from '../audit/compare/comparison.ts'
import { createMergeCheck, type MergeLine, mergeTypes } from '../audit/compare/merges.ts'
import { createPullCheck } from '../audit/compare/pulls.ts'
import { compareReceipts } from '../audit/compare/receipts.ts'
import { type Verdict, verdictOf } from '../audit/compare/verdict.ts'
import { notesIn } from '../audit/compare/witness.ts'
import { readNoteKey } from '../audit/note.ts'
import { trustedKeys } from '../audit/rotation.ts'
import type { Verified } from '../audit/verify.ts'
import type { GitHubSays, VerifyAsk } from '../cli/deps.ts'
import { openClone } from '../git/clone.ts'
import { canonicalPath } from '../request/path.ts'
import { type Remembered, recall, remember } from './verify/memory.ts'
import { databaseSource, exportSource, type Keys, type Source } from './verify/source.ts'

/** The branch that anchors are committed to (audit.md). */
const anchorBranch = 'gitsudo-ledger'
/** A clone is fetched a while before the ledger is read. */
const fetchedWithinMs = 300_000

/** Verifies a ledger, and compares it with everything that is at hand (audit.md, Verify). */
export async function verifyEverything(
  ask: VerifyAsk,
  env: NodeJS.ProcessEnv,
  now: number,
): Promise<Verdict> {
  const given = ask.keys?.map(readNoteKey)
  const clones = await readClones(ask.repositories)
  const source =
    ask.file === undefined
      ? await databaseSource(ask.databaseUrl ?? '', env.GITSUDO_INSTANCE)
      : await exportSource(ask.file)
  try {
    const rotations = [...source.rotations, ...(clones.anchors?.rotations ?? [])]
    const keys = given && trustedKeys(given, rotations)
    const trust = { origin: source.origin, keys }
    const dir =
      ask.stateDir ?? join(env.XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'gitsudo', 'verified')
    const earlier = await recall(dir, source.origin)
    const anchors = clones.anchors && readAnchors(clones.anchors, trust, earlier?.anchor)
    const others = otherClaims(ask, earlier, trust)
    const claims = [...(anchors?.claims ?? []), ...others.claims]
    const start = await startAt(source, ask, trust)

    const verified = await source.verify({
      claims,
      ...(keys && { keys }),
      ...(start && { after: start.size }),
      ...(ask.threads !== undefined && { threads: ask.threads }),
      ...(ask.progress && { progress: ask.progress }),
    })
    const shaky = start && verified.before && contradiction(start, verified.before)
    const faultsOf = (of: Claim['of']) => verified.marks.faults.filter((fault) => fault.of === of).map(told)
    const heard = verified.ok
      ? await compareEvents(source, verified.events, { ask, anchors, lines: clones.lines, now })
      : undefined
    const size = verified.ok ? verified.events : verified.seq - 1
    const comparisons: Comparison[] = [
      compareCheckpoints(verified, given, [
        ...(shaky ? [told(shaky)] : []),
        ...faultsOf('checkpoints'),
        ...unheld(rotations, keys),
      ]),
      ...compareSignatures(verified, keys),
      compareAnchors(
        ask,
        anchors,
        [...faultsOf('anchors'), ...(heard?.anchored.faults ?? [])],
        heard?.anchored.fresh ?? 0,
        size,
      ),
      ...(heard?.merges ?? [broken('merges')]),
      heard?.receipts ?? broken('receipts'),
      ask.witnesses.length === 0
        ? { of: 'witnesses', outcome: 'skipped', said: 'none given (--witness)', details: [] }
        : compared(
            'witnesses',
            `${plural(others.claims.filter((one) => one.of === 'witnesses' && one.size <= size).length, 'checkpoint')} that they hold agree`,
            [...others.faults, ...faultsOf('witnesses')],
          ),
      ...(earlier === undefined
        ? []
        : [
            compared('earlier run', 'the ledger goes on from what it saw', [
              ...others.earlierFaults,
              ...faultsOf('earlier run'),
            ]),
          ]),
    ]
    const lost = verified.ok ? lossOf(verified, claims, heard, ask.fromBackup) : undefined
    const verdict = verdictOf({
      chain: verified,
      comparisons,
      offline: ask.offline,
      ...(lost && { lost }),
      ...(start && {
        notRecomputed: `Events 1 to ${start.size} were not recomputed: their leaves are those that the signed checkpoint of ${start.size} vouches for`,
      }),
      ...(verified.ok &&
        anchors?.newest &&
        anchors.newest.size <= size && {
          notAnchored: {
            count: size - anchors.newest.size - (heard?.anchored.after ?? 0),
            first: anchors.newest.size + 1,
          },
        }),
    })
    const newest = newestOf(verified, anchors, size)
    if (keys !== undefined && verdict.exit !== 1 && newest !== undefined && lost === undefined)
      await remember(dir, source.origin, {
        checkpoint: newest,
        ...(anchors?.newest
          ? { anchor: anchors.newest.sha }
          : earlier?.anchor
            ? { anchor: earlier.anchor }
            : {}),
      })
    return verdict
  } finally {
    await source.close()
  }
}

type Clones = { readonly anchors?: AnchorBranch; readonly lines: readonly MergeLine[] }

async function readClones(dirs: readonly string[]): Promise<Clones> {
  let anchors: AnchorBranch | undefined
  const lines: MergeLine[] = []
  for (const dir of dirs) {
    const clone = await openClone(dir)
    try {
      const here = await clone.anchors(anchorBranch)
      anchors ??= here
      const line = await clone.line('requests/')
      if (line === undefined) continue
      const added = line.added.map((one) => ({
        ...one,
        paths: one.paths.filter((path) => canonicalPath(path).ok),
      }))
      const requests = added.filter(({ paths }) => paths.length > 0)
      // A repository of anchors alone is no access repository.
      if (here === undefined || requests.length > 0) lines.push({ ...line, added: requests })
    } finally {
      clone.close()
    }
  }
  return { ...(anchors && { anchors }), lines }
}

type Trust = { readonly origin: string; readonly keys: Keys }

/** What witnesses and an earlier run hold of the ledger. */
function otherClaims({ witnesses }: VerifyAsk, earlier: Remembered | undefined, trust: Trust) {
  const claims: Claim[] = []
  const faults: string[] = []
  const earlierFaults: string[] = []
  for (const { name, text } of witnesses) {
    const notes = notesIn(text)
    if (notes === undefined) faults.push(`${name} holds something else than signed checkpoints`)
    for (const note of notes ?? []) {
      const opened = readClaim(note, trust, { of: 'witnesses', by: `witness ${name}` })
      if (opened.ok) claims.push(opened.claim)
      else faults.push(told(opened.fault))
    }
  }
  if (earlier !== undefined) {
    const opened = readClaim(earlier.checkpoint, trust, { of: 'earlier run', by: 'an earlier run' })
    if (opened.ok) claims.push(opened.claim)
    else earlierFaults.push(told(opened.fault))
  }
  return { claims, faults, earlierFaults }
}

/** The newest checkpoint before --since that is signed; undefined: from the first event on. */
async function startAt(source: Source, { since }: VerifyAsk, trust: Trust): Promise<Claim | undefined> {
  if (since === undefined || source.checkpointsBefore === undefined) return undefined
  for (const note of await source.checkpointsBefore(since)) {
    const opened = readClaim(note, trust, { of: 'checkpoints', by: 'the checkpoint it began at' })
    if (opened.ok) return opened.claim
  }
  return undefined
}

const broken = (of: Comparison['of']): Comparison => ({
  of,
  outcome: 'skipped',
  said: 'not compared, because the chain is broken',
  details: [],
})

function compareCheckpoints({ marks }: Verified, given: Keys, faults: readonly string[]): Comparison {
  const { checkpoints, newest } = marks
  if (faults.length > 0) return compared('checkpoints', '', faults)
  const unproven = (said: string): Comparison => ({
    of: 'checkpoints',
    outcome: 'unproven',
    said,
    details: [],
  })
  if (newest === undefined) return unproven('the database holds none that vouches for these events')
  const said = `${plural(checkpoints, 'checkpoint')} agree, the newest over ${newest.size} events`
  return given === undefined
    ? unproven(`${said}, but no key is known that says who signed them (--key)`)
    : compared('checkpoints', said, [])
}

/** Rotations that lead from no trusted key to theirs: somebody wrote them. */
const unheld = (rotations: readonly string[], keys: Keys): readonly string[] =>
  keys === undefined
    ? []
    : rotations
        .filter((note) => !keys.some(({ text }) => note.includes(`\n${text}\n`)))
        .map(() => 'a stored rotation leads from no trusted key to its own')

function compareSignatures({ marks: { signatures } }: Verified, keys: Keys): readonly Comparison[] {
  const { held, unknown } = signatures
  if (keys === undefined || held + unknown === 0) return []
  const rest = unknown === 0 ? '' : `; ${unknown} are by keys that are not known here`
  return [compared('signatures', `those of ${plural(held, 'event')} hold${rest}`, [])]
}

function compareAnchors(
  { repositories }: VerifyAsk,
  anchors: Anchors | undefined,
  more: readonly string[],
  fresh: number,
  size: number,
): Comparison {
  const unproven = (said: string): Comparison => ({ of: 'anchors', outcome: 'unproven', said, details: [] })
  if (anchors === undefined)
    return unproven(
      repositories.length === 0
        ? 'no clone of the anchor repository was given (--repository)'
        : `no clone that was given has the branch ${anchorBranch}`,
    )
  const rest = fresh === 0 ? '' : `; ${fresh} of the last minutes are not in the clone yet`
  const agreeing = anchors.claims.filter((claim) => claim.size <= size).length
  const good = `${plural(anchors.commits.size, 'commit')} of ${anchorBranch} agree, ${plural(agreeing, 'checkpoint')} of this ledger, the newest over ${anchors.newest?.size ?? 0} events${rest}`
  return compared('anchors', good, [...anchors.faults, ...more])
}

/** What only the events can say: anchors, merges, GitHub's pull requests and receipts. */
async function compareEvents(
  source: Source,
  size: number,
  {
    ask,
    anchors,
    lines,
    now,
  }: {
    readonly ask: VerifyAsk
    readonly anchors: Anchors | undefined
    readonly lines: readonly MergeLine[]
    readonly now: number
  },
) {
  const anchored = anchors && createAnchoredCheck(anchors, new Date(now - fetchedWithinMs).toISOString())
  const merges = lines.map((line) => createMergeCheck(line, now))
  const { github } = ask
  const pulls = github && createPullCheck(github.repository, github.merged)
  const types = [
    ...(anchored ? (['ledger.anchored'] as const) : []),
    ...(lines.length > 0 || pulls ? mergeTypes : []),
  ]
  if (types.length > 0)
    for await (const { seq, event } of source.events(types, size)) {
      anchored?.see(seq, event)
      pulls?.see(event)
      for (const merge of merges) merge.see(event)
    }
  const ended = merges.map((merge) => merge.end(ask.fromBackup))
  const receipts = github && (await receiptsOf(source, github, size))
  return {
    anchored: anchored?.end() ?? { faults: [], fresh: 0, after: 0 },
    merges: [
      ...(ended.length === 0 ? [skipped('merges', 'not compared (--repository)')] : ended),
      pulls && github
        ? await pullsOf(github, pulls.end())
        : skipped('merges', "GitHub's own pull requests not compared (--token and --repo)"),
    ],
    after: ended.flatMap(({ after }) => after),
    receipts: receipts ?? skipped('receipts', 'not compared (--token and --repo)'),
    beyond: receipts?.beyond ?? 0,
  }
}

const skipped = (of: Comparison['of'], said: string): Comparison => ({
  of,
  outcome: 'skipped',
  said,
  details: [],
})

async function pullsOf(github: GitHubSays, unknown: ReturnType<ReturnType<typeof createPullCheck>['end']>) {
  const faults: string[] = []
  for (const { number } of unknown)
    if (await github.addsRequests(number))
      faults.push(`GitHub merged #${number} with request files, and no event is about it`)
  return compared(
    'merges',
    `GitHub's ${plural(github.merged.length, 'merged pull request')} with request files are on record`,
    faults,
  )
}

async function receiptsOf(source: Source, { receipts }: GitHubSays, size: number) {
  return compareReceipts(receipts, await source.places(receipts.map(({ leaf }) => leaf)), size)
}

function lossOf(
  { marks, ...verified }: Verified & { readonly ok: true },
  claims: readonly Claim[],
  heard: { readonly after: readonly string[]; readonly beyond: number } | undefined,
  fromBackup: boolean,
): Verdict['lost'] | undefined {
  const beyond = [...claims, ...(marks.beyond ? [marks.beyond] : [])].filter(
    ({ size }) => size > verified.events,
  )
  const furthest = beyond.toSorted((a, b) => b.size - a.size)[0]
  const size = Math.max(furthest?.size ?? 0, heard?.beyond ?? 0)
  if (size <= verified.events) return undefined
  return {
    count: size - verified.events,
    by: size === furthest?.size ? furthest.by : 'a receipt in a pull request',
    expected: fromBackup,
    known: [
      ...listed(beyond.map((claim) => `${claim.by}: over ${claim.size} events`)),
      ...(heard?.after ?? []),
    ],
  }
}

function newestOf({ marks }: Verified, anchors: Anchors | undefined, size: number): string | undefined {
  const anchor = anchors?.newest && anchors.newest.size <= size ? anchors.newest : undefined
  return (anchor?.size ?? 0) > (marks.newest?.size ?? 0) ? anchor?.note : marks.newest?.note
}
