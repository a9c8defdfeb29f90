/**
 * Whether a text is rather a secret than the name of one: a PEM block, a connection string or SAS, a JSON web token, or 32 bytes or
 * more as base64 or hexadecimal. Where a name belongs it is then refused, and wherever it stands it is not repeated in a message.
 */
export function looksLikeSecret(text: string): boolean {
  return (
    text.includes('-----BEGIN') ||
    /(?:AccountKey|SharedAccessKey|SharedAccessSignature|InstrumentationKey|sig)=/i.test(text) ||
    /^eyJ[\w-]+\.[\w-]+\./.test(text) ||
    /^[0-9a-f]{64,}$/i.test(text) ||
    isLongBase64(text.trim())
  );
}

/** 32 bytes are 43 base64 characters and a `=`. A long name of words is not one: it has dashes, or no digits, or one case only. */
function isLongBase64(text: string): boolean {
  if (!/^[A-Za-z0-9+/]{42,}={0,2}$/.test(text)) return false;
  return /[+/=]/.test(text) || (/[a-z]/.test(text) && /[A-Z]/.test(text) && /[0-9]/.test(text));
}
