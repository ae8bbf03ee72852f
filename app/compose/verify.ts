import { homedir } from 'node:os'
import { join } from 'node:path'
import { type Claim, type ClaimFault, contradiction, readClaim } from '../audit/claim.ts'
import { type AnchorBranch, readAnchors } from '../audit/compare/anchors.ts'
import { type Comparison, plural, told } from '../audit/compare/comparison.ts'
import {
  compareAnchors,
  compareCheckpoints,
  compareForeign,
  compareHeld,
  compareSignatures,
  faultsOf,
  lossOf,
  skipped,
  unheld,
  withUndecided,
} from '../audit/compare/lines.ts'
import type { MergeLine } from '../audit/compare/merges.ts'
import { receiptClaims } from '../audit/compare/receipts.ts'
import { type Verdict, verdictOf } from '../audit/compare/verdict.ts'
import { notesIn } from '../audit/compare/witness.ts'
import { ownKeys, readNoteKey } from '../audit/note.ts'
import { trustedKeys } from '../audit/rotation.ts'
import { isWhole } from '../audit/verify.ts'
import type { VerifyAsk } from '../cli/deps.ts'
import { openClone } from '../git/clone.ts'
import { anchorBranch } from '../reconcile/anchor.ts'
import { canonicalPath } from '../request/path.ts'
import { hearEvents } from './verify/heard.ts'
import { type Remembered, recall, remember } from './verify/memory.ts'
import { databaseSource, exportSource, type Keys } from './verify/source.ts'
import { startAt } from './verify/start.ts'

const brokenChain = 'not compared, because the chain is broken'

/** Verifies a ledger, and compares it with everything that is at hand (audit.md, Verify). */
export async function verifyEverything(
  ask: VerifyAsk,
  env: NodeJS.ProcessEnv,
  now: number,
): Promise<Verdict> {
  const given = ask.keys?.map(readNoteKey)
  const clones = await readClones(ask.repositories, ask.branch)
  const source = await (ask.file === undefined
    ? databaseSource(ask.databaseUrl ?? '', env.GITSUDO_INSTANCE)
    : exportSource(ask.file)
  ).catch((cause: unknown) => {
    clones.close()
    throw cause
  })
  try {
    const rotations = [...source.rotations, ...clones.anchors.flatMap((one) => one.rotations)]
    const ours = given && ownKeys(source.origin, given)
    const keys = ours && trustedKeys(ours.keys, rotations)
    const trust = { origin: source.origin, keys }
    const dir =
      ask.stateDir ?? join(env.XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'gitsudo', 'verified')
    const earlier = await recall(dir, source.origin)
    const anchors = await readAnchors(clones.anchors, trust, earlier?.anchor)
    clones.close()
    const others = otherClaims(ask, earlier, trust)
    const claims = [
      ...(anchors?.claims ?? []),
      ...others.claims,
      ...receiptClaims(ask.github?.receipts ?? []),
    ]
    const start = await startAt(source, ask.since, trust)

    const verified = await source.verify({
      claims,
      ...(keys && { keys }),
      ...(start && { after: start.size }),
      ...(ask.threads !== undefined && { threads: ask.threads }),
      ...(ask.progress && { progress: ask.progress }),
    })
    const shaky = start && verified.before && contradiction(start, verified.before)
    const size = verified.events
    // Whenever a file is verified, it is as old as its last word, and has heard of nothing since.
    const heardAt = verified.newestAt === undefined ? now : Date.parse(verified.newestAt)
    const heard = isWhole(verified)
      ? await hearEvents(
          source,
          { ...verified.marks, size },
          { ask, anchors, keys, lines: clones.lines, now: heardAt },
        )
      : undefined
    const { beyond } = verified.marks
    // A file does not know what came after it, and receipts go on.
    const isNews = (claim: Claim) => ask.file !== undefined && claim.of === 'receipts'
    const past = [...claims, ...(beyond ? [beyond] : [])].filter(
      (claim) => claim.size > size && !isNews(claim),
    )
    const isExcused = (one: Claim | ClaimFault) => heard?.restored.excuses(one) ?? false
    // A checkpoint is stored a moment after its events: a backup may have been made in between.
    const isLate = ({ what, size: at = 0 }: ClaimFault) =>
      ask.fromBackup && what === 'checkpoint' && at > (verified.marks.newest?.size ?? 0)
    const wrong = (of: Claim['of']) =>
      faultsOf(verified.marks.faults, of, (fault) => isExcused(fault) || isLate(fault))
    const ownFaults = (anchors?.faults ?? []).filter(
      ({ fellAfter }) => fellAfter === undefined || !heard?.restored.mayFallAfter(fellAfter),
    )
    const receipts = await heard?.receipts(wrong('receipts'))
    const excused = [...verified.marks.faults, ...past].filter(isExcused)
    const lost = new Set(excused.map(nameOf))
    const standing = (of: Claim['of']) => claims.filter((one) => one.of === of && !lost.has(nameOf(one)))
    const restores = heard?.restored.end(excused, receipts?.excused ?? 0)
    const said = { after: heard?.after ?? [], receipt: ask.file === undefined ? (receipts?.beyond ?? 0) : 0 }
    const loss = isWhole(verified)
      ? lossOf(
          size,
          past.filter((claim) => !isExcused(claim)),
          said,
          ask.fromBackup,
        )
      : undefined
    const merges = heard?.merges ?? [skipped('merges', brokenChain)]
    const comparisons: readonly Comparison[] = [
      compareCheckpoints(
        verified,
        given,
        [
          ...(ours?.faults ?? []),
          ...(shaky ? [told(shaky)] : []),
          ...wrong('checkpoints'),
          ...unheld(rotations, keys),
        ],
        start,
      ),
      ...compareSignatures(verified, keys),
      ...compareForeign(verified),
      compareAnchors(
        ask.repositories.length,
        anchors,
        [...ownFaults.map(({ text }) => text), ...wrong('anchors'), ...(heard?.anchored.faults ?? [])],
        size,
        heard?.anchored ?? { fresh: 0, elsewhere: 0 },
        standing('anchors'),
      ),
      ...(loss ? merges : merges.map(withUndecided)),
      receipts ?? skipped('receipts', brokenChain),
      ask.witnesses.length === 0
        ? skipped('witnesses', 'none given (--witness)')
        : compareHeld(
            'witnesses',
            standing('witnesses'),
            size,
            (count) => `${plural(count, 'checkpoint')} that they hold ${count === 1 ? 'agrees' : 'agree'}`,
            [...others.faults, ...wrong('witnesses')],
          ),
      ...(earlier === undefined
        ? []
        : [
            compareHeld(
              'earlier run',
              standing('earlier run'),
              size,
              () => 'the ledger goes on from what it saw',
              [...others.earlierFaults, ...wrong('earlier run')],
            ),
          ]),
      ...(restores === undefined ? [] : [restores]),
    ]
    const anchor = newestOf(standing('anchors').filter((one) => one.size <= size))
    const anchoredAt = anchors?.times.get(anchor?.commit ?? '')
    const verdict = verdictOf({
      chain: verified,
      comparisons,
      offline: ask.offline,
      ...(loss && { lost: loss }),
      ...(start && { notRecomputed: start.size }),
      ...(anchor && {
        notAnchored: {
          count: Math.max(0, size - anchor.size - (heard?.anchored.after(anchor.size) ?? 0)),
          first: anchor.size + 1,
        },
        // Whoever may write there can give a commit a time that is none.
        ...(anchoredAt !== undefined &&
          Number.isFinite(new Date(anchoredAt).getTime()) && {
            newestAnchor: { size: anchor.size, at: anchoredAt, ageMs: heardAt - anchoredAt },
          }),
      }),
    })
    const { newest } = verified.marks
    const checkpoint =
      (anchor?.size ?? 0) > (newest?.size ?? 0) ? anchors?.notes.get(anchor?.commit ?? '') : newest?.note
    const last = anchors?.newest?.sha ?? earlier?.anchor
    // A backup shows less than what was seen before, which is not to be forgotten.
    if (keys !== undefined && verdict.exit !== 1 && checkpoint !== undefined && loss === undefined)
      await remember(dir, source.origin, { checkpoint, ...(last === undefined ? {} : { anchor: last }) })
    return verdict
  } finally {
    clones.close()
    await source.close()
  }
}

type Clones = {
  /** Read while the clones are open. */
  readonly anchors: readonly AnchorBranch[]
  readonly lines: readonly MergeLine[]
  close(): void
}

async function readClones(dirs: readonly string[], branch: string | undefined): Promise<Clones> {
  const anchors: AnchorBranch[] = []
  const lines: MergeLine[] = []
  const open: { close(): void }[] = []
  const close = () => {
    for (const clone of open.splice(0)) clone.close()
  }
  try {
    for (const dir of dirs) {
      const clone = await openClone(dir)
      open.push(clone)
      const here = await clone.anchors(anchorBranch)
      if (here !== undefined) anchors.push(here)
      const line = await clone.line('requests/', branch)
      if (line === undefined) continue
      const added = line.added.map((one) => ({
        ...one,
        paths: one.paths.filter((path) => canonicalPath(path).ok),
      }))
      const requests = added.filter(({ paths }) => paths.length > 0)
      // A repository of anchors alone is no access repository.
      if (here === undefined || requests.length > 0) lines.push({ ...line, added: requests })
    }
  } catch (error) {
    close()
    throw error
  }
  return { anchors, lines, close }
}

/** What is held, and what is wrong with it, of one source at one size. */
const nameOf = ({ of, by, commit, size }: Claim | ClaimFault): string => `${of} ${commit ?? by} ${size}`

const newestOf = (claims: readonly Claim[]): Claim | undefined =>
  claims.reduce<Claim | undefined>(
    (newest, one) => (one.size >= (newest?.size ?? 0) ? one : newest),
    undefined,
  )

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
