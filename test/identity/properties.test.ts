import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Name, names, read } from './data-files.ts'

test('mutated data files never throw, and never make one thing two people', () => {
  const edit = fc.record({
    name: fc.constantFrom(...names),
    at: fc.nat(900),
    remove: fc.nat(10),
    insert: fc.constantFrom(
      '',
      'alice',
      '1001',
      '[',
      '}',
      ': ',
      '\n',
      '*a',
      '"',
      '<<: 1',
      '__proto__: {}',
      '\0',
      'mock: [alice]',
      ', bob@example.com',
    ),
  })
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
      const change = (name: Name) => (text: string) =>
        edits
          .filter((one) => one.name === name)
          .reduce(
            (rest, { at, remove, insert }) => rest.slice(0, at) + insert + rest.slice(at + remove),
            text,
          )
      const reading = read({
        identities: change('identities'),
        groups: change('groups'),
        roles: change('roles'),
      })
      if (!reading.ok) {
        expect(reading.faults.length).toBeGreaterThan(0)
        return
      }
      const { identities } = reading.directory
      const all = identities.flatMap(({ login, id, emails, principals }) => {
        const own = [
          `id ${id}`,
          `login ${login.toLowerCase()}`,
          ...emails.map((email) => email.toLowerCase()),
        ]
        return [
          ...new Set([
            ...own,
            ...Object.entries(principals).flatMap(([provider, list]) =>
              list.map((name) => `${provider} ${name}`),
            ),
          ]),
        ]
      })
      expect(new Set(all).size).toBe(all.length)
    }),
    { numRuns: 3_000 },
  )
})
