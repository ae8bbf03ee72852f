import { generateKeyPairSync } from 'node:crypto'
import { noteKey } from '../../../app/audit/note.ts'
import type { Signer } from '../../../app/audit/rotation.ts'
import { createAnchorer } from '../../../app/reconcile/anchor.ts'
import { keepOnce } from '../../../app/reconcile/keep-ledger.ts'
import { openDatabase, serialise } from '../../../app/store/database.ts'
import { anchorReads } from '../../../app/store/ledger/anchors.ts'
import { createCheckpointer } from '../../../app/store/ledger/checkpointer.ts'
import { createLedger } from '../../../app/store/ledger/ledger.ts'
import { withClient } from '../../support/client.ts'
import { testEvent } from '../../support/events.ts'
import { testKeys } from '../../support/keys.ts'
import { memoryAnchorBranch } from '../../support/memory/anchor-branch.ts'
import { memoryClock } from '../../support/memory/clock.ts'
import { memoryLog } from '../../support/memory/log.ts'
import { createTestDatabase } from '../../support/postgres.ts'

export const instance = 'test.example'
export const anchorRepository = 777

export const newSigner = (name = instance): Signer => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return { key: noteKey(name, publicKey), privateKey }
}

/** Replicas over one PostgreSQL, and an anchor branch in memory. */
export const openStage = async () => {
  const postgres = await createTestDatabase()
  const clock = memoryClock()
  const branch = memoryAnchorBranch()
  const log = memoryLog()
  const signer = newSigner()
  const closing: (() => Promise<unknown>)[] = []
  let events = 0

  const replica = async (signers: readonly Signer[] = [signer]) => {
    const database = await openDatabase(postgres.appUrl)
    const noteKeys = signers.map(({ key }) => key)
    const vouch = { database, keys: testKeys, origin: instance, noteKeys }
    const ledger = createLedger({ ...vouch, clock, log })
    const checkpoints = {
      ...createCheckpointer({ database, clock, log, keys: testKeys, origin: instance, signers }),
      ...anchorReads(vouch),
    }
    const deps = {
      branch,
      checkpoints,
      ledger,
      instance,
      repository: anchorRepository,
      clock,
      log,
      store: { transaction: database.transaction, serialise },
      keys: testKeys,
    }
    const anchorer = createAnchorer(deps)
    const witnessed: number[] = []
    let woken = 0
    closing.push(async () => {
      await ledger.stop()
      await database.close()
    })
    return {
      ...deps,
      database,
      anchorer,
      witnessed,
      woken: () => woken,
      /** One turn of the clockwork, and the look that it asks for. */
      turn: async () => {
        const before = woken
        await keepOnce({
          checkpoints,
          witness: async ({ size }) => void witnessed.push(size),
          anchor: { repository: anchorRepository, anchorer },
          queue: {
            wake: async () => {
              woken += 1
            },
          },
        })
        if (woken > before) await anchorer.look()
      },
      /** So many more events, sealed. */
      seal: async (count = 1, type: 'request.created' | 'policy.overridden' = 'request.created') => {
        const staged: string[] = []
        for (let n = 0; n < count; n += 1) {
          events += 1
          const event = testEvent(events, { type })
          staged.push(await database.transaction((tx) => ledger.stage(tx, event)))
        }
        await ledger.sealed(staged, clock.now() + 10_000)
      },
      /** Anchors on record, oldest first. */
      anchored: async () => {
        const found: { readonly size: unknown; readonly commit: string | undefined }[] = []
        for await (const { event } of ledger.read({ types: ['ledger.anchored'] }))
          found.push({ size: event.data.size, commit: event.commit })
        return found
      },
    }
  }

  return {
    postgres,
    clock,
    branch,
    log,
    signer,
    replica,
    /** A hand in the database. */
    owner: (statement: string) =>
      withClient(postgres.ownerUrl, async (client) => {
        await client.query("set gitsudo.announced = 'yes'")
        return client.query(statement)
      }),
    alerts: () => log.lines.flatMap(({ level, message }) => (level === 'alert' ? [message] : [])),
    async close() {
      for (const close of closing.reverse()) await close()
      await postgres.drop()
    },
  }
}

export type Stage = Awaited<ReturnType<typeof openStage>>
