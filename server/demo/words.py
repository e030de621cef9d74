"""The made-up names the demo day is built from.

Streets, communities, firms and people are invented. Telephone numbers begin with 129, which belongs to no mobile
network and is no emergency or service number, so that a tap on "call" in a demo reaches nobody.
"""

from server.auth.policy import Lang

PHONE_PREFIX = "129"

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧"
GIVEN = (
    "明轩",
    "雨桐",
    "子涵",
    "嘉怡",
    "浩然",
    "诗涵",
    "建国",
    "丽华",
    "志强",
    "晓燕",
    "文博",
    "梓萱",
    "国栋",
    "美玲",
    "俊杰",
    "思远",
)
ENGLISH = (
    "Alice Harmon",
    "Ben Okafor",
    "Carla Jensen",
    "Dmitri Volkov",
    "Elena Rossi",
    "Frank Mueller",
    "Grace Tanaka",
    "Hassan Idrissi",
    "Ingrid Solberg",
    "Jack Whitlock",
)

# Four beats, one per courier: name, centre (longitude, latitude in 1e-7 degrees), streets, communities.
# Names are (zh, en).
BEATS = (
    (
        ("蒋村", "Jiangcun"),
        (1_200_650_000, 302_900_000),
        (("云溪路", "Yunxi Road"), ("枫桥弄", "Fengqiao Lane"), ("望荷街", "Wanghe Street")),
        (("云溪雅苑", "Yunxi Court"), ("枫桥花园", "Fengqiao Garden"), ("荷塘里", "Hetang Close")),
    ),
    (
        ("三墩", "Sandun"),
        (1_200_890_000, 303_310_000),
        (("墩余路", "Dunyu Road"), ("紫藤街", "Ziteng Street"), ("稻香巷", "Daoxiang Alley")),
        (
            ("紫藤公寓", "Ziteng Apartments"),
            ("稻香名邸", "Daoxiang Mansion"),
            ("墩余新村", "Dunyu New Village"),
        ),
    ),
    (
        ("文新", "Wenxin"),
        (1_200_980_000, 302_880_000),
        (("竹影路", "Zhuying Road"), ("青石弄", "Qingshi Lane"), ("学林街", "Xuelin Street")),
        (("竹影小区", "Zhuying Estate"), ("青石人家", "Qingshi Homes"), ("学林雅居", "Xuelin Residence")),
    ),
    (
        ("古墩", "Gudun"),
        (1_200_790_000, 303_080_000),
        (("月塘路", "Yuetang Road"), ("金桂街", "Jingui Street"), ("桥南弄", "Qiaonan Lane")),
        (("月塘家园", "Yuetang Home"), ("金桂湾", "Jingui Bay"), ("桥南里", "Qiaonan Close")),
    ),
)
FIRMS = (
    ("晨雾示例科技有限公司", "Morning Mist Sample Tech"),
    ("蓝鹭样品贸易商行", "Blue Heron Samples"),
    ("纸鹤演示设计工作室", "Paper Crane Demo Studio"),
    ("石榴籽示范诊所", "Pomegranate Demo Clinic"),
)
GOODS = (
    "书 books",
    "茶叶 tea",
    "衣服 clothes",
    "文件 documents",
    "手机壳 phone case",
    "玩具 toys",
    "水果 fruit",
    "药品 medicine",
)
REQUESTS = (
    ("call_first", "派送前请先打电话"),
    ("call_first", "Please call before you come up"),
    ("no_ring", "宝宝在睡觉，请勿按门铃"),
    ("no_ring", "Baby at home, please do not ring"),
    ("leave_at_reception", "工作日放前台"),
    ("leave_at_reception", "Leave at reception on weekdays"),
    ("weekdays_only", "周末不在，请工作日派送"),
    ("fragile", "易碎，请轻放"),
    ("id_check", "请核对收件人证件"),
    ("other", "后门进，院里有狗"),
)
MERCHANTS = ("demo-books", "demo-tea", "demo-mall")
COURIERS: tuple[tuple[str, str, Lang], ...] = (
    ("lin", "林小川", "zh"),
    ("chen", "陈海燕", "zh"),
    ("zhao", "赵铁军", "zh"),
    ("emma", "Emma Clarke", "en"),
)
