import { type Verdict, verdictLines, vouchedOnly } from '../../audit/compare/verdict.ts'
import { hex } from '../../audit/hex.ts'
import { parseSpan } from '../../config/span.ts'
import { writeInstant } from '../../request/instant.ts'
import { carriable } from '../carriable.ts'
import type { CliDeps, VerifyAsk } from '../deps.ts'
import { Failure } from '../failure.ts'
import { githubSays } from '../github-says.ts'
import { instant } from '../since.ts'
import { withProgress } from '../terminal/progress.ts'
import { said } from '../terminal/said.ts'
import { styleFor } from '../terminal/style.ts'
import { type Args, flag, list, text, type Verb } from '../verb.ts'
import { tellGrowth } from './growth.ts'
import { database, databaseUrl } from './ledger.ts'
import { keysOf, ledgerKey } from './ledger-key.ts'
import { proofsIn, tellProofs } from './proofs.ts'
import { tellSegments } from './segments.ts'
import { refuseUnheard } from './unheard.ts'

export const auditVerify: Verb = {
  name: 'audit verify',
  summary:
    'Recompute the ledger, from the database, an export or a proof, and compare it with all that is at hand',
  words: ['[files...]'],
  options: [
    database,
    ledgerKey,
    {
      flags: '--repository <dir>',
      summary: 'a clone of the anchor repository or an access repository; may be given again',
      repeat: true,
    },
    {
      flags: '--witness <file>',
      summary: 'signed checkpoints that somebody outside holds; may be given again',
      repeat: true,
    },
    { flags: '--repo <owner/name>', summary: 'with --token: compare with its pull requests on GitHub' },
    {
      flags: '--branch <name>',
      summary: 'the branch whose merges grant, where that is not the main branch',
    },
    { flags: '--token <token>', summary: 'a GitHub token that can read it (GITSUDO_TOKEN)' },
    {
      flags: '--app <id>',
      summary: "gitsudo's own GitHub App, whose receipts count (GITSUDO_GITHUB_APP_ID)",
    },
    { flags: '--api-url <url>', summary: "GitHub's REST API (GITHUB_API_URL, https://api.github.com)" },
    { flags: '--since <when>', summary: 'only what came after: 24h, 7d, a time of RFC 3339, or a seq' },
    {
      flags: '--from-backup',
      summary: 'the database is a restored backup: what came after it is expected to be missing',
    },
    { flags: '--grant-window <span>', summary: "the service's grantWindow (1h): verdicts may take so long" },
    { flags: '--offline', summary: 'what is out of reach stays unproven without exit status 3' },
    {
      flags: '--state-dir <dir>',
      summary: 'where runs remember what they saw ($XDG_STATE_HOME/gitsudo/verified)',
    },
    { flags: '--threads <count>', summary: '1 or 2, unless what is worth it' },
  ],
  remote: false,
  json: true,

  async run(deps, args) {
    const [file] = args.words
    const keys = await keysOf(deps, args)
    const proofs = await proofsIn(deps, args.words)
    if (proofs !== undefined && 'proof' in proofs) {
      refuseUnheard(args, 'consistency proof')
      return tellGrowth(deps, args, proofs, keys)
    }
    if (proofs !== undefined) {
      refuseUnheard(args, 'proof')
      return tellProofs(deps, args, proofs, keys)
    }
    const row =
      file === undefined
        ? undefined
        : await withProgress(deps, 'bytes', (progress) =>
            answered(file, deps.verifySegments(args.words, keys, progress)),
          )
    if (row !== undefined) {
      refuseUnheard(args, 'segment')
      return tellSegments(deps, args, row)
    }
    if (file !== undefined) refuseUnheard(args, 'export')
    const ask = await askOf(deps, args, file, keys)
    const verdict = await withProgress(deps, file === undefined ? 'events' : 'bytes', (progress) =>
      answered(file, deps.verify({ ...ask, progress })),
    )
    if (args.output === 'json') deps.out.write(`${JSON.stringify(shown(verdict), null, 2)}\n`)
    else deps.out.write(report(deps, verdict))
    return verdict.exit
  },
}

async function askOf(
  deps: CliDeps,
  args: Args,
  file: string | undefined,
  keys: readonly string[] | undefined,
): Promise<VerifyAsk> {
  const url = databaseUrl(deps, args)
  if (file === undefined && url === undefined)
    throw new Failure(
      'usage',
      'No database is named.',
      'set GITSUDO_DATABASE_URL, pass --database-url, or name an export',
    )
  const repository = text(args, 'repo')
  const given = text(args, 'token')
  const token = given ?? deps.env.GITSUDO_TOKEN
  if (repository !== undefined && !token)
    throw new Failure('usage', 'GitHub is only asked with a token.', 'set GITSUDO_TOKEN, or pass --token')
  if (repository === undefined && (given ?? text(args, 'apiUrl') ?? text(args, 'app')) !== undefined)
    throw new Failure('usage', 'Which repository is GitHub to be asked about?', 'name it with --repo')
  if (repository !== undefined && token) carriable(token, given === undefined ? 'GITSUDO_TOKEN' : '--token')
  // The service's own environment may say anything where no receipts are compared.
  const named = repository === undefined ? undefined : deps.env.GITSUDO_GITHUB_APP_ID
  const app = text(args, 'app') ?? (named || undefined)
  if (app !== undefined && !/^[1-9]\d{0,14}$/.test(app))
    throw new Failure(
      'usage',
      `${app} is no App's id.`,
      'give the number that its settings show: --app 314159',
    )
  const apiUrl = text(args, 'apiUrl') ?? (deps.env.GITHUB_API_URL || 'https://api.github.com')
  const since = text(args, 'since')
  if (since !== undefined && keys === undefined)
    throw new Failure('usage', '--since begins at a signed checkpoint.', 'give the public key with --key')
  const threads = text(args, 'threads')
  if (threads !== undefined && threads !== '1' && threads !== '2')
    throw new Failure('usage', `There are no ${threads} threads.`, 'write --threads 1 or --threads 2')
  const grantWindowMs = parseSpan(text(args, 'grantWindow') ?? '1h')
  if (grantWindowMs === undefined)
    throw new Failure('usage', '--grant-window is no span.', 'write it as grantWindow is configured: 1h')
  const stateDir = text(args, 'stateDir')
  const branch = text(args, 'branch')
  return {
    ...(file === undefined ? { databaseUrl: url ?? '' } : { file }),
    ...(keys === undefined ? {} : { keys }),
    witnesses: await Promise.all(
      list(args, 'witness').map(async (name) => ({ name, text: await deps.readText(name) })),
    ),
    repositories: list(args, 'repository'),
    ...(repository === undefined || !token
      ? {}
      : {
          github: await githubSays(deps, {
            ...{ apiUrl: apiUrl.replace(/\/+$/, ''), token, repository, branch },
            ...(app === undefined ? {} : { app: Number(app) }),
          }),
        }),
    ...(branch === undefined ? {} : { branch }),
    ...(since === undefined ? {} : { since: pointOf(since, deps.clock.now()) }),
    fromBackup: flag(args, 'fromBackup'),
    grantWindowMs,
    offline: flag(args, 'offline'),
    ...(stateDir === undefined ? {} : { stateDir }),
    ...(threads === undefined ? {} : { threads: Number(threads) }),
  }
}

const pointOf = (since: string, now: number): NonNullable<VerifyAsk['since']> =>
  /^\d+$/.test(since) ? { seq: Number(since) } : { time: Date.parse(instant(since, now)) }

/** What could not be read is no verdict (exit 3), but a file that is no export is one. */
async function answered<T>(file: string | undefined, verdict: Promise<T>): Promise<T> {
  try {
    return await verdict
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    const why = cause instanceof Error ? cause.message : String(cause)
    if (code === 'not_an_export')
      throw new Failure('refused', `${file}: ${why}.`, 'write it again with gitsudo audit export', { cause })
    throw new Failure(
      'unknown',
      `What is to be verified cannot be read: ${why}`,
      'check the database and the clones',
      {
        cause,
      },
    )
  }
}

function report(deps: CliDeps, verdict: Verdict): string {
  const style = styleFor(deps.out, deps.env)
  const tones = {
    good: style.green,
    bad: style.red,
    open: style.yellow,
    plain: (line: string) => said`${line}`,
  }
  return verdictLines(verdict)
    .map(({ text: line, tone }) => `${tones[tone](line)}\n`)
    .join('')
}

/** As docs/cli.md describes it. */
function shown({
  chain,
  comparisons,
  notAnchored,
  newestAnchor,
  lost,
  notRecomputed,
  exit,
}: Verdict): unknown {
  return {
    ok: exit === 0,
    ...(chain.ok
      ? { events: chain.events, head: hex(chain.head), root: hex(chain.root) }
      : {
          fault: {
            seq: chain.seq,
            what: chain.what,
            expected: chain.expected,
            found: chain.found,
            consistent_after: chain.consistentAfter,
            more: chain.more,
          },
        }),
    comparisons,
    ...(notAnchored === undefined ? {} : { not_anchored: notAnchored }),
    ...(newestAnchor === undefined
      ? {}
      : {
          newest_anchor: {
            size: newestAnchor.size,
            at: writeInstant(newestAnchor.at),
            age_seconds: Math.floor(newestAnchor.ageMs / 1_000),
          },
        }),
    ...(lost === undefined ? {} : { lost }),
    ...(notRecomputed === undefined ? {} : { not_recomputed: vouchedOnly(notRecomputed) }),
  }
}
