import { expect, test } from 'vitest'
import { slonikAddress } from '../../app/store/address.ts'
import { openDatabase } from '../../app/store/database.ts'
import { createTestDatabase } from '../support/postgres.ts'

test.each([
  [
    'postgres://ann:s%3Aecret@db.internal/gitsudo',
    'postgres://ann:s%3Aecret@db.internal:5432/gitsudo',
    false,
  ],
  ['postgres://ann@db:6432/gitsudo?sslmode=verify-full', 'postgres://ann@db:6432/gitsudo', {}],
  ['postgres://ann@db/gitsudo?sslmode=require', 'postgres://ann@db:5432/gitsudo', {}],
  [
    'postgres://ann@db/gitsudo?sslmode=no-verify',
    'postgres://ann@db:5432/gitsudo',
    { rejectUnauthorized: false },
  ],
  ['postgres://ann@db/gitsudo?sslmode=disable', 'postgres://ann@db:5432/gitsudo', false],
  [
    'postgres://ann:x@%2Fvar%2Frun:5432/gitsudo?options=-c%20statement_timeout%3D5s&application_name=ours',
    'postgres://ann:x@%2Fvar%2Frun:5432/gitsudo?options=-c+statement_timeout%3D5s&application_name=ours',
    false,
  ],
  [
    'postgres:///gitsudo?host=/var/run&user=ann&password=x',
    'postgres://ann:x@%2Fvar%2Frun:5432/gitsudo',
    false,
  ],
])('%s is read as pg reads it', (url, own, ssl) => {
  expect(slonikAddress(url)).toEqual({ url: own, ssl })
})

test('who asks for TLS has no connection without it', async () => {
  const postgres = await createTestDatabase()
  for (const mode of ['verify-full', 'require', 'no-verify'])
    await expect(openDatabase(`${postgres.appUrl}?sslmode=${mode}`)).rejects.toThrow(
      'does not support SSL connections',
    )
  await postgres.drop()
})
