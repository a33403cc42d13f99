package org.countersign.sample

/** The first card of PROTOCOL's test vectors. */
internal object KnownCard {
    const val TEXT = "countersign:g1h2hwFYIQKoOXqTXw3866a6lhj2RR702AY3q_TmryZp-8neao_SrFggvHy8tWNjdfodgkNNRmck2SN39TuYBpXdSdJtDOEiBa" +
        "UbAAABoxhcUAAbAAABqnANfABjQWRhgXcvaXA0LzE5Mi4wLjIuMS90Y3AvNDAwMVhAVIPaRGYjA4nJindAW-VkUnPXuuPuIqdfHOyTfCjOamp1" +
        "M48gTSoKSNc1obH6wDtuLjJZXs51dG1so6xFnVcdZVhA-oxPnw4lyL_lGCMGbueG9QiTy3sRej69dyfKbOaLkns5k3rV1gi7DIT1pH6PG0bejH" +
        "PnDP-Q9hOKL3rdgYmUBA"
    const val KEY = "02a8397a935f0dfceba6ba9618f6451ef4d80637abf4e6af2669fbc9de6a8fd2ac"
}
