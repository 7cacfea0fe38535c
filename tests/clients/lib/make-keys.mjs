// Prints {"es384": {private, public}, "rs384": {private, public}} as JWKs that carry `kid` and `alg`.

const { subtle } = globalThis.crypto;

async function pair(kid, alg, algorithm) {
  const { privateKey, publicKey } = await subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const jwk = async (key) => {
    const { key_ops, ext, ...members } = await subtle.exportKey("jwk", key);
    return { ...members, kid, alg, use: "sig" };
  };
  return { private: await jwk(privateKey), public: await jwk(publicKey) };
}

const rsa = { name: "RSASSA-PKCS1-v1_5", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-384" };
console.log(JSON.stringify({
  es384: await pair("elliptic", "ES384", { name: "ECDSA", namedCurve: "P-384" }),
  rs384: await pair("rsa", "RS384", rsa),
}));
