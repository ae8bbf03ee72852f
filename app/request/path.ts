import { escapeUnseen } from './quote.ts'

const canonical = /^requests\/\d{4}\/(0[1-9]|1[0-2])\/[a-z0-9][a-z0-9-]{0,63}\.yaml$/

export type PathVerdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly message: string; readonly remedy: string }

/** Whether `path` is one that a request may have, or why not; the month is not compared with any date. */
export function canonicalPath(path: string): PathVerdict {
  if (canonical.test(path)) return { ok: true }
  const [root = '', year = '', month = '', name = '', ...deeper] = path.split('/')
  const remedy = 'name it requests/YYYY/MM/<slug>.yaml, the slug of a-z, 0-9 and -, at most 64 long'
  const because = (why: string) => ({
    ok: false as const,
    message: `${escapeUnseen(path)} is no path of a request: ${why}`,
    remedy,
  })
  if (root !== 'requests') return because('it is not under requests/')
  if (name === '' || deeper.length > 0) return because('it is not directly in a month of a year')
  if (!/^\d{4}$/.test(year)) return because('the year has not four digits')
  if (!/^(0[1-9]|1[0-2])$/.test(month)) return because('the month is not 01 to 12')
  if (name.endsWith('.yml')) return because('its name ends in .yml, not .yaml')
  if (!name.endsWith('.yaml')) return because('its name does not end in .yaml')
  if (name.length > 69) return because('its name is too long')
  return because('its name is not of a-z, 0-9 and -, starting with a letter or digit')
}
