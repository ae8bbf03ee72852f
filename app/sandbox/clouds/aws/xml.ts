import type { AwsError } from './errors.ts'

/** What an answer of the query protocol holds. */
export type Fields = { readonly [name: string]: string | Fields }

/** The body of an answer as services of the query protocol write it. */
export const xmlAnswer = (action: string, namespace: string, fields: Fields): string =>
  `<${action}Response xmlns="${namespace}"><${action}Result>${written(fields)}</${action}Result>${metadata}</${action}Response>`

export const xmlError = ({ status, code, message }: AwsError): string =>
  `<ErrorResponse><Error>${written({ Type: status < 500 ? 'Sender' : 'Receiver', Code: code, Message: message })}</Error><RequestId>00000000-0000-4000-8000-000000000000</RequestId></ErrorResponse>`

const metadata =
  '<ResponseMetadata><RequestId>00000000-0000-4000-8000-000000000000</RequestId></ResponseMetadata>'

const written = (fields: Fields): string =>
  Object.entries(fields)
    .map(
      ([name, value]) => `<${name}>${typeof value === 'string' ? escaped(value) : written(value)}</${name}>`,
    )
    .join('')

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
