import { expect } from 'vitest'
import { createPolicySet } from '../../../app/policy/policy-set.ts'
import { accessWorld, filePath, memoryDirectory, requestFile } from '../../support/memory/access-world.ts'
import { repositoryId } from '../../support/memory/hub.ts'
import { oddPolicies, patientPool } from '../../support/odd-policies.ts'

const never = new AbortController().signal

/** The reconcilers in memory, with the real evaluator over policies that go wrong as a request's metadata says. */
export const oddPolicyWorld = () => {
  const pool = patientPool()
  const world = accessWorld({
    load: async (commit) => createPolicySet(commit, memoryDirectory(), oddPolicies, pool),
  })
  return {
    world,
    close: () => pool.close(),
    /** A request approved by bob and merged, whatever the check says; answers its state and what the comment says. */
    async merged(name: string, metadata: Readonly<Record<string, string>>) {
      const file = `${requestFile(name)}  metadata: ${JSON.stringify(metadata)}\n`
      world.push(name, { [filePath(name)]: file }, 'alice')
      const pull = world.open(name, 'alice')
      await world.settle()
      world.review(pull, 'bob')
      await world.settle()
      await world.merge(pull, 'carol')
      await world.settle()
      const state = (await world.states(pull))[name]
      const said = [...world.comments.values()].filter((one) => one.pull === pull).map(({ body }) => body)
      return { state, said: said.join('\n').replace(/\\(?=[!-~])|`/g, '') }
    },
    /** Refused, nothing granted: no row, nothing at the provider, nothing in the ledger; and the comment says why. */
    async refused(name: string, metadata: Readonly<Record<string, string>>, why: string) {
      const { state, said } = await this.merged(name, metadata)
      expect([name, state]).toEqual([name, 'refused'])
      expect(said).toContain(why)
      const grants = world.store.grantRows().filter(({ repository }) => repository === repositoryId)
      expect(grants).toEqual([])
      expect(world.typesOf(name)).toContain('grant.refused')
      expect(world.ledger.events().map(({ type }) => type)).not.toContain('grant.intended')
      const mock = world.deps.providers.get('mock')
      const listed = await mock?.list({ signal: never, deadline: world.clock.now() + 10_000 }, [])
      expect(listed?.bindings).toEqual([])
    },
  }
}
