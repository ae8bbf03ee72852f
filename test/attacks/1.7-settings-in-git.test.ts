// The attack: bring one's own settings. A configuration that names oneself policy owner and administrator, and a request
// schema that allows what the shipped one refuses, are just files of the repository; get them merged, then use them
// (trust.md 1.7).
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { slow } from './support/policies.ts'
import { attackWorld } from './support/world.ts'

test('neither a schema nor a configuration in Git changes what is enforced', slow, async () => {
  const t = await attackWorld()
  const schema = JSON.parse(
    readFileSync(new URL('../../schemas/access-request.v1.json', import.meta.url), 'utf8'),
  ) as Record<string, unknown>
  const made = await t.clone('alice')
  await made.git('switch', '--quiet', '--create', 'settings-in-git')
  const head = await made.commit({
    'schemas/access-request.v1.json': JSON.stringify({
      ...schema,
      additionalProperties: true,
      properties: {},
    }),
    'gitsudo.yaml': `administrators: [1001]\nrepositories: [{ policyOwners: { ids: [1001], count: 1 } }]\n`,
    '.gitsudo/config.yaml': 'administrators: [1001]\n',
  })
  await made.git('push', '--quiet', 'origin', 'settings-in-git')
  const { number } = await t.people.alice.openPull('settings-in-git', 'Settings')
  await t.checked(head, 'success', 'nothing to decide')
  await t.land(number)

  const asked = await t.ask('own-schema', { approved: 'true' })
  await t.checked(asked.head, 'failure', 'is no field of')
  await t.land(asked.number)
  await t.refused(asked, 'is no field of')
  const answer = await fetch(`${t.service.url}/api/v1/server/reload-policies`, {
    method: 'POST',
    headers: { authorization: `Bearer ${t.people.alice.token}` },
  })
  expect(answer.status).toBe(403)
})
