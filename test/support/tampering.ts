import { bodyOf } from '../../app/audit/body.ts'
import { leafHash, linkHash, originHead } from '../../app/audit/chain.ts'
import { checkpointText } from '../../app/audit/checkpoint.ts'
import { columnsOf } from '../../app/audit/columns.ts'
import type { LedgerEvent } from '../../app/audit/event.ts'
import { createTree } from '../../app/audit/merkle.ts'
import { signNote } from '../../app/audit/note.ts'
import { noteSigner } from './checkpoints.ts'
import { withClient } from './client.ts'
import { type LedgerStage, origin } from './ledger-stage.ts'

type Row = { readonly seq: number; readonly body: Buffer; readonly leaf: Buffer; readonly chain: Buffer }

const tables = ['audit_events', 'evidence', 'checkpoints', 'key_rotations', 'ledger_origin'] as const

/** Hands that hold the database, or the repository, and put everything back afterwards. */
export async function tamperWith(stage: LedgerStage) {
  const { edit, git, commit, point } = stage
  // Whoever owns the tables can drop what would stop him.
  await edit(`alter table audit_events drop constraint audit_events_pkey`)
  await edit('alter table evidence drop constraint evidence_pkey')
  for (const table of tables) await edit(`create table kept_${table} as table ${table}`)
  const branches = ['main', 'gitsudo-ledger'].map((name) => [name, git(['rev-parse', name])] as const)
  const stranger = noteSigner(origin)

  const rows = async (): Promise<readonly Row[]> => {
    const { rows } = await edit('select seq::int, body, leaf, chain from audit_events order by seq')
    return rows
  }
  /** The row whose `type` and the like follow from its body no more. */
  const put = (at: number, { seq, body, leaf, chain }: Row) =>
    edit('update audit_events set seq = $2, body = $3, leaf = $4, chain = $5 where seq = $1', [
      ...[at, seq, body, leaf, chain],
    ])
  const noteOf = async (size: number): Promise<string> =>
    (await edit('select note from checkpoints where size = $1', [size])).rows[0].note
  const sizes = (await edit('select size::int from checkpoints order by size')).rows.map(({ size }) =>
    Number(size),
  )

  return {
    edit,
    rows,
    sizes,
    noteOf,
    stranger,
    /** Another body at `seq`, and everything from there on hashed anew: a correct chain. Checkpoints stay as they are. */
    async rechain(seq: number, change: (text: string) => string, upTo = Number.POSITIVE_INFINITY) {
      let head: Uint8Array = originHead(origin)
      for (const row of await rows()) {
        const body = row.seq === seq ? Buffer.from(change(row.body.toString())) : row.body
        const leaf = leafHash(body)
        head = linkHash(head, row.seq, leaf)
        if (row.seq >= seq && row.seq <= upTo)
          await put(row.seq, { seq: row.seq, body, leaf: Buffer.from(leaf), chain: Buffer.from(head) })
      }
    },
    /**
     * Events with right leaves, links and columns behind the last row: all that can be had without our keys.
     * @param bytesOf what stands there in an event's place
     */
    async append(who: 'app' | 'superuser', events: readonly LedgerEvent[], bytesOf = bodyOf) {
      const url = who === 'app' ? stage.postgres.appUrl : stage.postgres.superuserUrl
      await withClient(url, async (client) => {
        await client.query("set gitsudo.announced = 'yes'")
        for (const event of events) {
          const last = await client.query(
            'select seq::int, chain from audit_events order by seq desc limit 1',
          )
          const [{ seq = 0, chain = originHead(origin) } = {}] = last.rows
          const body = bytesOf(event)
          const leaf = leafHash(body)
          const of = columnsOf(event)
          await client.query(
            `insert into audit_events (seq, body, leaf, chain, type, at, actor_kind, actor_id, actor_login, request_id,
               grant_id, repo_id, pull, commit, mac_key, mac)
             select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, mac_key, mac
             from audit_events order by seq desc limit 1`,
            [
              ...[
                seq + 1,
                body,
                leaf,
                linkHash(chain, seq + 1, leaf),
                of.type,
                of.at,
                of.actorKind,
                of.actorId,
              ],
              ...[of.actorLogin, of.requestId, of.grantId, of.repoId, of.pull, of.commit],
            ],
          )
        }
      })
    },
    /** What somebody without the key would sign over the ledger as it is now, up to `size`. */
    async forge(size: number, named: string = origin, signer = stranger): Promise<string> {
      const tree = createTree()
      let head: Uint8Array = originHead(origin)
      for (const { seq, leaf, chain } of (await rows()).slice(0, size)) {
        if (seq > size) break
        tree.push(leaf)
        head = chain
      }
      return signNote(checkpointText({ origin: named, size, root: tree.root(), head }), [
        named === origin ? signer : noteSigner(named),
      ])
    },
    /** Another anchor branch: these notes, one commit each. */
    rewriteAnchors(notes: readonly string[], keys = `${stage.signer.key.text}\n`) {
      let parent: string | undefined
      for (const checkpoint of notes)
        parent = commit({ checkpoint, keys }, parent === undefined ? [] : [parent], 'another')
      if (parent !== undefined) point('gitsudo-ledger', parent)
    },
    /** One commit more on the anchor branch. */
    appendAnchor(files: Readonly<Record<string, string>>, parents = [git(['rev-parse', 'gitsudo-ledger'])]) {
      point('gitsudo-ledger', commit(files, parents))
    },
    async restore() {
      const inserts = tables.map(
        (table) => `insert into ${table} overriding system value select * from kept_${table}`,
      )
      await edit([`truncate ${tables.join(', ')}`, ...inserts].join(';'))
      for (const [name, sha] of branches) point(name, sha)
    },
  }
}

export type Tampering = Awaited<ReturnType<typeof tamperWith>>
